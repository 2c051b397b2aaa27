/** How far a loan is: its steps in order, what the client is told, and the one thing due. */

import type { JSX } from "preact";
import type { Explanation, ProgressAnswer } from "../api/schema";
import { Link } from "../router";
import { moment, t, word, words } from "../texts";

export function inWords(told: Explanation | null | undefined): string {
  return told?.[words.get().language] ?? "";
}

export function Progress({ of }: { of: ProgressAnswer }): JSX.Element {
  return (
    <>
      <p class="told">{inWords(of.explanation)}</p>
      <NextStep step={of.next_step} contractId={of.contract_id} />
      <ol class="line">
        {of.steps
          .filter((one) => one.state !== "skipped")
          .map((one) => (
            <li key={one.step} class={one.state} aria-current={one.state === "current" ? "step" : undefined}>
              {word("progress", one.step)}
              {one.at && <span class="small"> · {moment(one.at)}</span>}
            </li>
          ))}
      </ol>
    </>
  );
}

/** Where the client does what is due; steps of others lead to the contract itself. */
const PLACES: Record<string, string> = {
  sign: "/signing",
  give_consent: "/consent",
  confirm_release: "/release",
  amendment: "/amendment",
};

export function NextStep(props: { step: string; contractId: string | null }): JSX.Element | null {
  if (props.contractId === null) return null;
  const place = PLACES[props.step];
  const contract = `/contracts/${props.contractId}`;
  return (
    <p>
      {place ? (
        <Link to={contract + place} class="button">
          {word("next", props.step)}
        </Link>
      ) : (
        <Link to={contract}>{t("contract.open")}</Link>
      )}
    </p>
  );
}
