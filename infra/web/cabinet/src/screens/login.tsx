/** Coming in: password, second factor, and in a new browser the camera (4.3, 4.5, 4.7). */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct } from "../acts";
import { call } from "../api/client";
import type { EntryAnswer, WaitingAnswer } from "../api/schema";
import { drop, keep, kept } from "../kept";
import { Link } from "../router";
import { entered } from "../session";
import { t } from "../texts";
import { Field, Form, fieldErrors, missing } from "../ui/form";
import { Button, Card, Notice, Refusal, Screen } from "../ui/parts";
import { NewBrowser } from "./newbrowser";
import { OF_LOGIN, SecondFactor } from "./secondfactor";

export function Login({ ended = false }: { ended?: boolean }): JSX.Element {
  const [waiting, setWaiting] = useState<WaitingAnswer | null>(null);
  const [checked, setChecked] = useState(kept("check") !== null);
  const over = (answer: EntryAnswer): void => {
    const check = answer.device_check;
    if (check === null) {
      drop("check");
      entered(answer);
      return;
    }
    keep("check", { id: check.check_id, token: check.token });
    setChecked(true);
  };
  const again = (): void => {
    drop("check");
    setChecked(false);
    setWaiting(null);
  };
  if (checked) return <NewBrowser onIn={over} onAgain={again} />;
  return (
    <Screen title={t("login.title")}>
      {ended && (
        <Notice>
          <p>{t("login.ended")}</p>
        </Notice>
      )}
      {waiting ? (
        <SecondFactor<EntryAnswer>
          waiting={waiting}
          doors={OF_LOGIN}
          enter={t("login.enter")}
          onIn={over}
          again={t("login.other")}
          onAgain={again}
        />
      ) : (
        <Password onRight={setWaiting} />
      )}
    </Screen>
  );
}

/** Nothing typed here is kept by us, and the browser is asked to keep nothing (4.9). */
function Password({ onRight }: { onRight: (waiting: WaitingAnswer) => void }): JSX.Element {
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [empty, setEmpty] = useState<Record<string, string>>({});
  const { busy, problem, run } = useAct();
  const errors = { ...fieldErrors(problem), ...empty };
  const send = (): void => {
    const lacking = missing({ login, password });
    setEmpty(lacking);
    if (Object.keys(lacking).length > 0) return;
    void run(async () => {
      onRight(await call<WaitingAnswer>("POST", "/sessions", { body: { login, password } }));
    });
  };
  return (
    <Card>
      <Form onSend={send}>
        <Field
          label={t("login.phone")}
          name="login"
          type="tel"
          inputMode="tel"
          hint={t("login.phone_hint")}
          value={login}
          onInput={setLogin}
          error={errors["login"]}
        />
        <Field
          label={t("login.password")}
          name="password"
          type="password"
          value={password}
          onInput={setPassword}
          error={errors["password"]}
        />
        <Refusal problem={problem} />
        <div class="row">
          <Button busy={busy}>{t("common.go_on")}</Button>
          <Link to="/recovery">{t("login.forgotten")}</Link>
          <Link to="/registration">{t("login.register")}</Link>
        </div>
      </Form>
    </Card>
  );
}
