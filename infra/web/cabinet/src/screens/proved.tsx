/** An act that wants a second factor given again just before it, and uses it up. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct } from "../acts";
import { type Problem, call } from "../api/client";
import type { SteppedUpAnswer, WaitingAnswer } from "../api/schema";
import { t } from "../texts";
import { OF_STEP_UP, SecondFactor } from "./secondfactor";

interface Proving {
  /** To be shown instead of the screen while the proof is asked for. */
  asking: JSX.Element | null;
  busy: boolean;
  problem: Problem | undefined;
  proved: (act: () => Promise<void>) => void;
}

export function useProved(): Proving {
  const [waiting, setWaiting] = useState<WaitingAnswer | null>(null);
  const [wanted, setWanted] = useState<(() => Promise<void>) | null>(null);
  const { busy, problem, run } = useAct();
  const proved = (act: () => Promise<void>): void =>
    void run(async () => {
      setWanted(() => act);
      setWaiting(await call<WaitingAnswer>("POST", "/sessions/current/step-up"));
    });
  const over = (): void =>
    void run(async () => {
      setWaiting(null);
      await wanted?.();
    });
  const asking = waiting && (
    <SecondFactor<SteppedUpAnswer>
      waiting={waiting}
      doors={OF_STEP_UP}
      enter={t("factors.prove")}
      onIn={over}
      again={t("factors.not_now")}
      onAgain={() => setWaiting(null)}
    />
  );
  return { asking, busy, problem, proved };
}
