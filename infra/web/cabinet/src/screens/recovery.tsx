/** A forgotten password: the code, the camera, a new one (clause 4.3). */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct, useLoaded } from "../acts";
import { call } from "../api/client";
import type { CeremonyAnswer, ChallengeAnswer, RecoveryAnswer } from "../api/schema";
import { type Kept, drop, keep, kept } from "../kept";
import { Link } from "../router";
import { t } from "../texts";
import { Face } from "../ui/face";
import { Field, Form, fieldErrors, missing } from "../ui/form";
import { NewPassword } from "../ui/newpassword";
import { Button, Card, Loading, Notice, Refusal, Screen } from "../ui/parts";

const BASE = "/password-recoveries";

export function Recovery(): JSX.Element {
  const [begun, setBegun] = useState(kept("recovery"));
  const [done, setDone] = useState(false);
  const again = (): void => {
    drop("recovery");
    setBegun(null);
  };
  if (done) {
    return (
      <Screen title={t("recovery.done")} lead={t("recovery.done_text")}>
        <Link to="/login" class="button">
          {t("welcome.login")}
        </Link>
      </Screen>
    );
  }
  return (
    <Screen title={t("recovery.title")} lead={t("recovery.lead")}>
      {begun === null ? (
        <ByPhone
          onRight={(answer) => {
            const what = { id: answer.recovery_id, token: answer.token };
            keep("recovery", what);
            setBegun(what);
          }}
        />
      ) : (
        <ByFace
          begun={begun}
          onAgain={again}
          onDone={() => {
            drop("recovery");
            setDone(true);
          }}
        />
      )}
    </Screen>
  );
}

function ByPhone({ onRight }: { onRight: (answer: RecoveryAnswer) => void }): JSX.Element {
  const [login, setLogin] = useState("");
  const [code, setCode] = useState("");
  const [empty, setEmpty] = useState<Record<string, string>>({});
  const [challenge, setChallenge] = useState<ChallengeAnswer | null>(null);
  const { busy, problem, run } = useAct();
  const errors = { ...fieldErrors(problem), ...empty };
  const ask = (): void => {
    const lacking = missing({ login });
    setEmpty(lacking);
    if (lacking["login"]) return;
    void run(async () => setChallenge(await call<ChallengeAnswer>("POST", BASE, { body: { login } })));
  };
  const confirm = (): void =>
    void run(async () => {
      const body = { challenge_id: challenge?.challenge_id, code: code.trim() };
      onRight(await call<RecoveryAnswer>("POST", `${BASE}/phone-confirmation`, { body }));
    });
  return (
    <Card>
      <Form onSend={challenge ? confirm : ask}>
        {challenge ? (
          <>
            <Notice>
              <p>{t("recovery.sent")}</p>
            </Notice>
            <Field
              label={t("second.code")}
              name="code"
              inputMode="numeric"
              autocomplete="one-time-code"
              value={code}
              onInput={setCode}
              error={errors["code"]}
            />
          </>
        ) : (
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
        )}
        <Refusal problem={problem} />
        <div class="row">
          <Button busy={busy}>{t(challenge ? "common.go_on" : "registration.send_code")}</Button>
          <Link to="/login">{t("recovery.remembered")}</Link>
          <Link to="/recovery/number">{t("lost.link")}</Link>
        </div>
      </Form>
    </Card>
  );
}

function ByFace(props: { begun: Kept["recovery"]; onAgain: () => void; onDone: () => void }): JSX.Element {
  const { id, token } = props.begun;
  const path = `${BASE}/${id}`;
  const opened = useLoaded(() => call<CeremonyAnswer>("POST", `${path}/ceremony`, { token }), path);
  const set = async (password: string): Promise<void> => {
    const body = { ceremony_id: opened.data?.ceremony_id, password };
    await call("POST", `${path}/completion`, { token, body });
    props.onDone();
  };
  return (
    <Card>
      <Refusal problem={opened.problem} />
      {!opened.data && !opened.problem && <Loading />}
      {opened.data && <Face ceremony={opened.data} back="/recovery" />}
      {opened.data?.biometrics_url === null && <NewPassword onSet={set} />}
      <button type="button" class="link" onClick={props.onAgain}>
        {t("recovery.again")}
      </button>
    </Card>
  );
}
