/** The first password; the account appears a moment after activation, by an event. */

import type { JSX } from "preact";
import { ProblemError, call, pause } from "../../api/client";
import { t } from "../../texts";
import { NewPassword } from "../../ui/newpassword";
import { Card } from "../../ui/parts";
import type { StepProps } from "../registration";

const NOT_YET = new Set(["account_not_ready", "registration_unfinished"]);
const TRIES = 20;

export function PasswordStep({ path, token, onFinished }: StepProps & { onFinished: () => void }): JSX.Element {
  const set = async (password: string): Promise<void> => {
    await untilReady(() => call("POST", `${path}/password`, { token, body: { password } }));
    onFinished();
  };
  return (
    <Card title={t("password.title")}>
      <p>{t("password.text")}</p>
      <NewPassword onSet={set} />
    </Card>
  );
}

async function untilReady(ask: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await ask();
      return;
    } catch (error) {
      const early = error instanceof ProblemError && NOT_YET.has(error.problem.code);
      if (!early || tries === TRIES) throw error;
      await pause(1000);
    }
  }
}
