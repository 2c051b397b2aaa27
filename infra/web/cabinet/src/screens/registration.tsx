/** Registration, step by step (clauses 4.1, 4.2); whoever leaves comes back to the step due. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct, useLoaded } from "../acts";
import { call } from "../api/client";
import type { CeremonyAnswer, RegistrationAnswer, RegistrationStarted } from "../api/schema";
import { type Kept, drop, keep, kept } from "../kept";
import { Link } from "../router";
import { t, word } from "../texts";
import { Ceremony } from "../ui/ceremony";
import { Field, Form, fieldErrors, missing } from "../ui/form";
import { Button, Card, Loading, Notice, Refusal, Screen } from "../ui/parts";
import { Steps } from "../ui/steps";
import { PasswordStep } from "./registration/password";
import { PersonStep } from "./registration/person";
import { PhotoStep } from "./registration/photo";

export interface StepProps {
  path: string;
  token: string;
  /** The step is done: look what comes next. */
  onDone: () => Promise<void>;
}

const POLL_MS = 2000;
const STEPS = ["phone", "data", "photo", "identity", "password"] as const;
const STEP_OF: Record<string, (typeof STEPS)[number]> = {
  confirm_phone: "phone",
  put_person: "data",
  put_photo: "photo",
  wait_or_put_photo: "photo",
  identify: "identity",
  wait: "identity",
  set_password: "password",
};

export function Registration(): JSX.Element {
  const [begun, setBegun] = useState(kept("registration"));
  const [active, setActive] = useState(false);
  const begin = (what: Kept["registration"]): void => {
    keep("registration", what);
    setBegun(what);
  };
  const again = (): void => {
    drop("registration");
    setBegun(null);
  };
  const finish = (): void => {
    drop("registration");
    setActive(true);
  };
  if (active) return <Finished />;
  if (begun === null) return <PhoneStep onBegun={begin} />;
  return <UnderWay begun={begun} onAgain={again} onFinished={finish} />;
}

function Frame({ at, children }: { at: (typeof STEPS)[number]; children: JSX.Element }): JSX.Element {
  return (
    <Screen title={t("registration.title")}>
      <Steps names={STEPS.map((step) => word("registration.step", step))} at={STEPS.indexOf(at)} />
      {children}
    </Screen>
  );
}

function PhoneStep({ onBegun }: { onBegun: (what: Kept["registration"]) => void }): JSX.Element {
  const [phone, setPhone] = useState("");
  const [empty, setEmpty] = useState<Record<string, string>>({});
  const { busy, problem, run } = useAct();
  const send = (): void => {
    const lacking = missing({ phone });
    setEmpty(lacking);
    if (lacking["phone"]) return;
    void run(async () => {
      const answer = await call<RegistrationStarted>("POST", "/registrations", { body: { phone } });
      onBegun({ id: answer.registration_id, token: answer.token, phone });
    });
  };
  return (
    <Frame at="phone">
      <Card title={t("registration.phone_title")}>
        <Form onSend={send}>
          <Field
            label={t("login.phone")}
            name="phone"
            type="tel"
            inputMode="tel"
            autocomplete="tel"
            hint={t("registration.phone_hint")}
            value={phone}
            onInput={setPhone}
            error={empty["phone"] ?? fieldErrors(problem)["phone"]}
          />
          <Refusal problem={problem} />
          <div class="row">
            <Button busy={busy}>{t("registration.send_code")}</Button>
            <Link to="/login">{t("registration.have")}</Link>
          </div>
        </Form>
      </Card>
    </Frame>
  );
}

function UnderWay(props: {
  begun: Kept["registration"];
  onAgain: () => void;
  onFinished: () => void;
}): JSX.Element {
  const { begun, onAgain } = props;
  const path = `/registrations/${begun.id}`;
  const { token } = begun;
  const found = useLoaded(
    () => call<RegistrationAnswer>("GET", path, { token }),
    path,
    POLL_MS,
  );
  const stand = found.data;
  if (!stand) {
    return (
      <Frame at="phone">
        <Card>
          <Refusal problem={found.problem} />
          {found.problem ? <Again onAgain={onAgain} /> : <Loading />}
        </Card>
      </Frame>
    );
  }
  const step: StepProps = { path, token, onDone: () => found.reload() };
  return (
    <Frame at={STEP_OF[stand.next_step] ?? "phone"}>
      <>
        <Due stand={stand} step={step} phone={begun.phone} onFinished={props.onFinished} />
        {stand.next_step !== "set_password" && <Again onAgain={onAgain} />}
      </>
    </Frame>
  );
}

function Due(props: {
  stand: RegistrationAnswer;
  step: StepProps;
  phone: string;
  onFinished: () => void;
}): JSX.Element {
  const { stand, step } = props;
  switch (stand.next_step) {
    case "confirm_phone":
      return <CodeStep {...step} phone={props.phone} />;
    case "put_person":
      return <PersonStep {...step} />;
    case "put_photo":
      return <PhotoStep {...step} />;
    case "wait_or_put_photo":
      return <PhotoStep {...step} waiting />;
    case "identify":
      return <IdentityStep {...step} />;
    case "wait":
      return (
        <Card>
          <Notice>
            <p>{word("registration.wait", stand.state)}</p>
          </Notice>
        </Card>
      );
    case "set_password":
      return <PasswordStep {...step} onFinished={props.onFinished} />;
    default:
      return (
        <Card title={t("registration.refused")}>
          <p>{t("registration.refused_text")}</p>
        </Card>
      );
  }
}

function CodeStep({ path, token, onDone, phone }: StepProps & { phone: string }): JSX.Element {
  const [code, setCode] = useState("");
  const { busy, problem, run } = useAct();
  const send = (): void =>
    void run(async () => {
      await call("POST", `${path}/phone-confirmation`, { token, body: { code: code.trim() } });
      await onDone();
    });
  return (
    <Card title={t("registration.code_title")}>
      <p>{t("registration.code_text", { phone })}</p>
      <Form onSend={send}>
        <Field
          label={t("second.code")}
          name="code"
          inputMode="numeric"
          autocomplete="one-time-code"
          value={code}
          onInput={setCode}
          error={fieldErrors(problem)["code"]}
        />
        <Refusal problem={problem} />
        <div class="row">
          <Button busy={busy}>{t("common.go_on")}</Button>
        </div>
      </Form>
    </Card>
  );
}

function IdentityStep({ path, token, onDone }: StepProps): JSX.Element {
  const opened = useLoaded(
    () => call<CeremonyAnswer>("POST", `${path}/ceremony`, { token }),
    path,
  );
  return (
    <>
      <Refusal problem={opened.problem} />
      {!opened.data && !opened.problem && <Loading />}
      {opened.data && (
        <Ceremony ceremony={opened.data} back="/registration" token={token} onSigned={onDone} />
      )}
    </>
  );
}

function Again({ onAgain }: { onAgain: () => void }): JSX.Element {
  return (
    <button type="button" class="link" onClick={onAgain}>
      {t("registration.again")}
    </button>
  );
}

function Finished(): JSX.Element {
  return (
    <Screen title={t("registration.finished")} lead={t("registration.finished_text")}>
      <Link to="/login" class="button">
        {t("welcome.login")}
      </Link>
    </Screen>
  );
}
