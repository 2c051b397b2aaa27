/** The gateway's API as one function; whatever it refuses is a `ProblemError`. */

import { place } from "../router";
import { t } from "../texts";
import type { FieldError } from "./schema";

/** RFC 9457, as the gateway and the web tier write it. */
export interface Problem {
  status: number;
  code: string;
  title?: string;
  detail: string;
  next_step?: string;
  request_id?: string;
  errors?: FieldError[];
  retryAfterS?: number;
}

export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.code);
    this.problem = problem;
  }
}

export interface Asked {
  body?: unknown;
  photo?: Blob;
  token?: string | undefined;
  /** Idempotency-Key: the same act, asked again, is carried out once. */
  key?: string;
  /** If-Match: the version the client decided upon. */
  seen?: string;
  /** The page asks by itself: no activity of the client (clause 4.8). */
  background?: boolean;
}

type Method = "GET" | "POST" | "PUT" | "DELETE";

const TRIES = 5;
const LATER = new Set(["temporarily_unavailable", "request_in_progress"]);

/** What `session` wants to hear of; set there, for the two would import each other. */
export const heard: {
  activity: () => void;
  ended: () => void;
} = { activity: () => undefined, ended: () => undefined };

export async function call<T>(method: Method, path: string, asked: Asked = {}): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await once<T>(method, path, asked);
    } catch (error) {
      if (!(error instanceof ProblemError) || tries === TRIES) throw error;
      if (!LATER.has(error.problem.code) || !repeatable(method, asked)) throw error;
      await pause(Math.min(error.problem.retryAfterS ?? 1, 3) * 1000);
    }
  }
}

/** Asking again does nothing twice. */
function repeatable(method: Method, asked: Asked): boolean {
  return method !== "POST" || asked.key !== undefined;
}

async function once<T>(method: Method, path: string, asked: Asked): Promise<T> {
  const headers = new Headers({
    Accept: "application/json",
    "Accept-Language": place.get().language,
  });
  if (asked.token) headers.set("Authorization", `Bearer ${asked.token}`);
  if (asked.key) headers.set("Idempotency-Key", asked.key);
  if (asked.seen) headers.set("If-Match", `"${asked.seen}"`);
  if (asked.background) headers.set("X-Activity", "background");
  if (asked.body !== undefined) headers.set("Content-Type", "application/json");
  if (asked.photo) headers.set("Content-Type", asked.photo.type);
  const body = asked.photo ?? (asked.body === undefined ? null : JSON.stringify(asked.body));
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path}`, { method, headers, body, cache: "no-store" });
  } catch {
    throw new ProblemError(unreachable());
  }
  if (!answer.ok) throw new ProblemError(await refusal(answer, asked));
  if (!asked.background && !asked.token) heard.activity();
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function refusal(answer: Response, asked: Asked): Promise<Problem> {
  const retryAfterS = Number(answer.headers.get("Retry-After") ?? "0");
  let problem: Problem;
  try {
    problem = (await answer.json()) as Problem;
  } catch {
    problem = { ...unreachable(), status: answer.status };
  }
  if (problem.code === "session_required" && !asked.token) heard.ended();
  return retryAfterS > 0 ? { ...problem, retryAfterS } : problem;
}

function unreachable(): Problem {
  return {
    status: 0,
    code: "unreachable",
    detail: t("problem.unreachable"),
    next_step: t("problem.unreachable_next"),
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

export function freshKey(): string {
  return crypto.randomUUID();
}

/** Whatever was thrown, as something to show. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  return { status: 0, code: "unexpected", detail: t("problem.unexpected"), next_step: t("problem.unexpected_next") };
}
