/** What every screen is made of. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Problem } from "../api/client";
import { t } from "../texts";

interface ScreenProps {
  title: string;
  lead?: string;
  children: ComponentChildren;
}

let screens = 0;

/** A screen names itself to the window, and to who hears it: its heading takes focus. */
export function Screen({ title, lead, children }: ScreenProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Kredit`;
    screens += 1;
    if (screens > 1) heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {lead && <p class="lead">{lead}</p>}
      {children}
    </>
  );
}

export function Card({ title, children }: { title?: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="card">
      {title && <h2>{title}</h2>}
      {children}
    </section>
  );
}

/** A refusal in the API's words, and what to do about it. */
export function Refusal({ problem }: { problem: Problem | undefined }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problem) box.current?.scrollIntoView({ block: "nearest" });
  }, [problem]);
  return (
    <div role="alert" ref={box}>
      {problem && (
        <div class="notice bad" data-code={problem.code}>
          <p>
            <strong>{problem.detail}</strong>
            {problem.retryAfterS !== undefined && ` ${waitWords(problem.retryAfterS)}`}
          </p>
          {problem.next_step && <p>{problem.next_step}</p>}
          {problem.status >= 500 && problem.request_id && (
            <p class="small">{t("problem.request", { id: problem.request_id })}</p>
          )}
        </div>
      )}
    </div>
  );
}

function waitWords(seconds: number): string {
  return seconds > 90
    ? t("problem.wait_minutes", { count: Math.ceil(seconds / 60) })
    : t("problem.wait_seconds", { count: seconds });
}

export function Notice({ tone = "calm", children }: { tone?: "calm" | "good"; children: ComponentChildren }): JSX.Element {
  return (
    <div class={`notice ${tone}`} role="status">
      {children}
    </div>
  );
}

interface ButtonProps {
  busy?: boolean;
  kind?: "main" | "plain" | "danger";
  onClick?: () => void;
  children: ComponentChildren;
}

/** `busy` keeps it where it is and says so; it is not pressed twice. */
export function Button({ busy = false, kind = "main", onClick, children }: ButtonProps): JSX.Element {
  return (
    <button
      type={onClick ? "button" : "submit"}
      class={kind}
      aria-disabled={busy}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.();
      }}
    >
      {children}
      {busy && <span class="busy" aria-hidden="true" />}
    </button>
  );
}

export function Loading(): JSX.Element {
  return (
    <p class="loading" role="status">
      {t("common.loading")}
    </p>
  );
}

/** Names and values, in a row each. */
export function Facts({ of }: { of: readonly (readonly [string, ComponentChildren])[] }): JSX.Element {
  return (
    <dl class="facts">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
