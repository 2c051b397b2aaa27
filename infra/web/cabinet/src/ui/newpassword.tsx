/** A new password, typed twice, pasted if one likes. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct } from "../acts";
import { t } from "../texts";
import { Field, Form, fieldErrors } from "./form";
import { Button, Refusal } from "./parts";

export function NewPassword({ onSet }: { onSet: (password: string) => Promise<void> }): JSX.Element {
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [differs, setDiffers] = useState(false);
  const { busy, problem, run } = useAct();
  const send = (): void => {
    setDiffers(password !== again);
    if (password === again) void run(() => onSet(password));
  };
  return (
    <Form onSend={send}>
      <Field
        label={t("password.new")}
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
  );
}
