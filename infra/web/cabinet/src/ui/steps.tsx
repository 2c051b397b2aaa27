/** How far one is: what is done, what is due, what comes. */

import type { JSX } from "preact";
import { t } from "../texts";

export function Steps({ names, at }: { names: readonly string[]; at: number }): JSX.Element {
  return (
    <ol class="steps" aria-label={t("steps.label", { at: at + 1, of: names.length })}>
      {names.map((name, index) => (
        <li key={name} class={index < at ? "done" : ""} aria-current={index === at ? "step" : undefined}>
          <span>{name}</span>
        </li>
      ))}
    </ol>
  );
}
