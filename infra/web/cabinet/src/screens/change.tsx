/** A change of number or account: the new number answers, then both proofs (4.10). */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct, useLoaded } from "../acts";
import { call } from "../api/client";
import type { CeremonyAnswer, ChangeAnswer } from "../api/schema";
import { Link } from "../router";
import { t, word } from "../texts";
import { Ceremony } from "../ui/ceremony";
import { Field, Form, fieldErrors } from "../ui/form";
import { Button, Card, Loading, Notice, Refusal, Screen } from "../ui/parts";

type Kind = "phone" | "account";

const POLL_MS = 3000;

export function PhoneChange({ id }: { id: string }): JSX.Element {
  return <Change kind="phone" id={id} />;
}

export function AccountChange({ id }: { id: string }): JSX.Element {
  return <Change kind="account" id={id} />;
}

function Change({ kind, id }: { kind: Kind; id: string }): JSX.Element {
  return (
    <Screen title={t(kind === "phone" ? "change.phone" : "change.account")}>
      <p>
        <Link to="/security">{t("security.back")}</Link>
      </p>
      <ChangeSteps path={`/${kind}-changes/${id}`} back={`/security/${kind}/${id}`} />
    </Screen>
  );
}

interface StepsProps {
  path: string;
  /** Where the person goes on after ЦОИД. */
  back: string;
  /** Of who lost the number and is not logged in. */
  token?: string | undefined;
}

/** What is due of a change, until it has taken effect or was refused. */
export function ChangeSteps({ path, back, token }: StepsProps): JSX.Element {
  const found = useLoaded(
    (background) => call<ChangeAnswer>("GET", path, { background, token }),
    path,
    POLL_MS,
  );
  const change = found.data;
  const step = { path, token, back, onDone: () => found.reload() };
  return (
    <>
      <Refusal problem={found.problem} />
      {!change && !found.problem && <Loading />}
      {change?.next_step === "confirm_phone" && <Code {...step} />}
      {change?.next_step === "identify" && <Proofs {...step} />}
      {(change?.next_step === "wait" || change?.next_step === "none") && (
        <Notice tone={change.state === "applied" ? "good" : "calm"}>
          <p>{word("change.state", change.state)}</p>
        </Notice>
      )}
    </>
  );
}

type DueProps = StepsProps & { onDone: () => Promise<void> };

function Code({ path, token, onDone }: DueProps): JSX.Element {
  const [code, setCode] = useState("");
  const { busy, problem, run } = useAct();
  const send = (): void =>
    void run(async () => {
      await call("POST", `${path}/confirmation`, { token, body: { code: code.trim() } });
      await onDone();
    });
  return (
    <Card title={t("change.code")}>
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

function Proofs({ path, back, token, onDone }: DueProps): JSX.Element {
  const opened = useLoaded(() => call<CeremonyAnswer>("POST", `${path}/ceremony`, { token }), path);
  return (
    <>
      <Refusal problem={opened.problem} />
      {!opened.data && !opened.problem && <Loading />}
      {opened.data && (
        <Ceremony ceremony={opened.data} back={back} path={path} token={token} onSigned={onDone} />
      )}
    </>
  );
}
