/** A lost number: the password and the camera open its change, and nothing else (4.10). */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { useAct, useLoaded } from "../acts";
import { call, freshKey } from "../api/client";
import type { CeremonyAnswer, ChangeStep, RecoveryAnswer } from "../api/schema";
import { type Kept, drop, keep, kept } from "../kept";
import { Link } from "../router";
import { t } from "../texts";
import { Face } from "../ui/face";
import { Field, Form, fieldErrors, missing } from "../ui/form";
import { Button, Card, Loading, Refusal, Screen } from "../ui/parts";
import { ChangeSteps } from "./change";

type Begun = Kept["number"];

const BACK = "/recovery/number";
const BASE = "/number-recoveries";

export function LostNumber(): JSX.Element {
  const [begun, setBegun] = useState(kept("number"));
  const go = (what: Begun): void => {
    keep("number", what);
    setBegun(what);
  };
  const again = (): void => {
    drop("number");
    setBegun(null);
  };
  return (
    <Screen title={t("lost.title")} lead={t("lost.lead")}>
      {begun === null && <ByPassword onRight={go} />}
      {begun && !begun.right && <ByFace begun={begun} onRight={go} />}
      {begun?.right && !begun.changeId && <NewNumber begun={begun} onBegun={go} />}
      {begun?.changeId && (
        <ChangeSteps path={`/phone-changes/${begun.changeId}`} back={BACK} token={begun.token} />
      )}
      <p>
        {begun === null ? (
          <Link to="/login">{t("recovery.remembered")}</Link>
        ) : (
          <button type="button" class="link" onClick={again}>
            {t("recovery.again")}
          </button>
        )}
      </p>
    </Screen>
  );
}

function ByPassword({ onRight }: { onRight: (begun: Begun) => void }): JSX.Element {
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
      const answer = await call<RecoveryAnswer>("POST", BASE, { body: { login, password } });
      onRight({ id: answer.recovery_id, token: answer.token });
    });
  };
  return (
    <Card>
      <Form onSend={send}>
        <Field
          label={t("lost.old")}
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
        <Button busy={busy}>{t("common.go_on")}</Button>
      </Form>
    </Card>
  );
}

function ByFace({ begun, onRight }: { begun: Begun; onRight: (begun: Begun) => void }): JSX.Element {
  const { token } = begun;
  const path = `${BASE}/${begun.id}`;
  const { busy, problem, run } = useAct();
  const opened = useLoaded(() => call<CeremonyAnswer>("POST", `${path}/ceremony`, { token }), path);
  const finish = (): void =>
    void run(async () => {
      const body = { ceremony_id: opened.data?.ceremony_id };
      await call("POST", `${path}/completion`, { token, body });
      onRight({ ...begun, right: true });
    });
  return (
    <Card>
      <Refusal problem={opened.problem ?? problem} />
      {!opened.data && !opened.problem && <Loading />}
      {opened.data && <Face ceremony={opened.data} back={BACK} />}
      {opened.data?.biometrics_url === null && (
        <Button busy={busy} onClick={finish}>
          {t("common.go_on")}
        </Button>
      )}
    </Card>
  );
}

function NewNumber({ begun, onBegun }: { begun: Begun; onBegun: (begun: Begun) => void }): JSX.Element {
  const { token } = begun;
  const [phone, setPhone] = useState("");
  const [empty, setEmpty] = useState<Record<string, string>>({});
  const key = useRef(freshKey());
  const { busy, problem, run } = useAct();
  const send = (): void => {
    const lacking = missing({ phone });
    setEmpty(lacking);
    if (lacking["phone"]) return;
    void run(async () => {
      const body = { phone };
      const path = "/phone-changes";
      const change = await call<ChangeStep>("POST", path, { token, body, key: key.current });
      onBegun({ ...begun, changeId: change.change_id });
    });
  };
  return (
    <Card title={t("change.phone")}>
      <p>{t("change.text")}</p>
      <Form onSend={send}>
        <Field
          label={t("change.new_phone")}
          name="phone"
          type="tel"
          inputMode="tel"
          hint={t("registration.phone_hint")}
          value={phone}
          onInput={(value) => {
            key.current = freshKey();
            setPhone(value);
          }}
          error={empty["phone"] ?? fieldErrors(problem)["phone"]}
        />
        <Refusal problem={problem} />
        <Button busy={busy}>{t("change.begin")}</Button>
      </Form>
    </Card>
  );
}
