/**
 * Whether somebody is logged in, and how long silence may still last (clause 4.8).
 *
 * The server decides; here it is only foretold, so that nobody is surprised. Tabs of one
 * browser share the cookie, so they tell one another of activity and of the end.
 */

import { call, heard } from "./api/client";
import type { EntryAnswer, SessionAnswer } from "./api/schema";
import { Store } from "./store";

export type Standing =
  | { state: "asking" }
  | { state: "out" }
  | { state: "ended" }
  | { state: "in"; clientId: string };

export const standing = new Store<Standing>({ state: "asking" });
/** Seconds of silence left once they are few enough to warn, else null. */
export const warning = new Store<number | null>(null);

export const WARN_S = 60;

type Told = { said: "active"; until: number } | { said: "ended" } | { said: "in" };

const tabs = new BroadcastChannel("session");
/** How long silence may last, by the setting in force; learnt from the server. */
let idleMs = 600_000;
let learnt = false;
let until = 0;

/** What was typed and not sent; outlives the end of a session, not the page. */
export const drafts = new Map<string, unknown>();
let draftsOf = "";

export async function lookWhoIsHere(): Promise<void> {
  try {
    const found = await call<SessionAnswer>("GET", "/sessions/current", { background: true });
    enter(found.client_id, found.idle_seconds_left);
  } catch {
    if (standing.get().state === "asking") standing.set({ state: "out" });
  }
}

/** The cabinet has been opened by an answer of the gateway. */
export function entered(answer: EntryAnswer): void {
  idleMs = (answer.idle_seconds_left ?? 600) * 1000;
  learnt = true;
  enter(answer.client_id ?? "", answer.idle_seconds_left ?? 600);
  tell({ said: "in" });
}

function enter(clientId: string, leftS: number): void {
  if (draftsOf !== clientId) drafts.clear();
  draftsOf = clientId;
  until = Date.now() + leftS * 1000;
  standing.set({ state: "in", clientId });
  look();
}

export async function stay(): Promise<void> {
  await call("GET", "/sessions");
}

export async function leave(): Promise<void> {
  await call("DELETE", "/sessions/current");
  drafts.clear();
  standing.set({ state: "out" });
  warning.set(null);
  tell({ said: "ended" });
}

function tell(what: Told): void {
  tabs.postMessage(what);
}

heard.activity = (): void => {
  if (standing.get().state !== "in") return;
  until = Date.now() + idleMs;
  tell({ said: "active", until });
  look();
  if (!learnt) void learn();
};

/** Right after an activity what is left is the whole. */
async function learn(): Promise<void> {
  learnt = true;
  const found = await call<SessionAnswer>("GET", "/sessions/current", { background: true }).catch(() => null);
  if (found === null) return;
  idleMs = found.idle_seconds_left * 1000;
  until = Date.now() + idleMs;
}

heard.ended = (): void => {
  if (standing.get().state !== "in") return;
  standing.set({ state: "ended" });
  warning.set(null);
  tell({ said: "ended" });
};

tabs.addEventListener("message", (event: MessageEvent<Told>) => {
  const told = event.data;
  if (told.said === "in") void lookWhoIsHere();
  if (standing.get().state !== "in") return;
  if (told.said === "active") until = told.until;
  if (told.said === "ended") standing.set({ state: "ended" });
  look();
});

function look(): void {
  if (standing.get().state !== "in") {
    warning.set(null);
    return;
  }
  const left = Math.ceil((until - Date.now()) / 1000);
  warning.set(left > WARN_S ? null : Math.max(left, 0));
  if (left <= 0) void askWhetherOver();
}

let asking = false;

/** Asking is no activity: a session that another computer kept alive goes on. */
async function askWhetherOver(): Promise<void> {
  if (asking) return;
  asking = true;
  try {
    const found = await call<SessionAnswer>("GET", "/sessions/current", { background: true });
    until = Date.now() + Math.max(found.idle_seconds_left, 1) * 1000;
  } catch {
    until = Date.now() + 2000;
  } finally {
    asking = false;
  }
}

setInterval(look, 1000);
document.addEventListener("visibilitychange", look);
// A page that comes back from the browser's memory may be of a session that is over.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) void lookWhoIsHere();
});
