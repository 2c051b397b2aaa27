/** The first password; the account appears a moment after activation, by an event. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct } from "../../acts";
import { ProblemError, call, pause } from "../../api/client";
import { t } from "../../texts";
import { Field, Form, fieldErrors } from "../../ui/form";
import { Button, Card, Refusal } from "../../ui/parts";
import type { StepProps } from "../registration";

const NOT_YET = new Set(["account_not_ready", "registration_unfinished"]);
const TRIES = 20;

export function PasswordStep({ path, token, onFinished }: StepProps & { onFinished: () => void }): JSX.Element {
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [differs, setDiffers] = useState(false);
  const { busy, problem, run } = useAct();
  const send = (): void => {
    setDiffers(password !== again);
    if (password !== again) return;
    void run(async () => {
      await set(`${path}/password`, token, password);
      onFinished();
    });
  };
  return (
    <Card title={t("password.title")}>
      <p>{t("password.text")}</p>
      <Form onSend={send}>
        <Field
          label={t("login.password")}
          name="password"
          type="password"
          hint={t("password.hint")}
          value={password}
          onInput={setPassword}
          error={fieldErrors(problem)["password"]}
        />
        <Field
          label={t("password.again")}
          name="password_again"
          type="password"
          value={again}
          onInput={setAgain}
          error={differs ? t("password.differs") : undefined}
        />
        <Refusal problem={problem} />
        <div class="row">
          <Button busy={busy}>{t("password.set")}</Button>
        </div>
      </Form>
    </Card>
  );
}

async function set(path: string, token: string, password: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await call("POST", path, { token, body: { password } });
      return;
    } catch (error) {
      const early = error instanceof ProblemError && NOT_YET.has(error.problem.code);
      if (!early || tries === TRIES) throw error;
      await pause(1000);
    }
  }
}
