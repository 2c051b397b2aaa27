/** A second factor, of a login or given again: whichever of them the client has. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct } from "../acts";
import { call } from "../api/client";
import type { ChallengeAnswer, OptionsAnswer, WaitingAnswer } from "../api/schema";
import { askPasskey } from "../passkeys";
import { t, word } from "../texts";
import { Field, Form, Radios } from "../ui/form";
import { Button, Card, Notice, Refusal } from "../ui/parts";

type Method = WaitingAnswer["second_factors"][number];

/** Where the proofs of one kind of waiting go. */
export interface Doors {
  code: string;
  message: string;
  passkeyOptions: string;
  passkey: string;
}

export const OF_LOGIN: Doors = {
  code: "/sessions/second-factor",
  message: "/sessions/second-factor/message",
  passkeyOptions: "/sessions/second-factor/passkey-options",
  passkey: "/sessions/second-factor/passkey",
};
const STEP_UP = "/sessions/current/step-up";
export const OF_STEP_UP: Doors = {
  code: `${STEP_UP}/second-factor`,
  message: `${STEP_UP}/message`,
  passkeyOptions: `${STEP_UP}/passkey-options`,
  passkey: `${STEP_UP}/second-factor/passkey`,
};

interface Props<T> {
  waiting: WaitingAnswer;
  doors: Doors;
  /** What the button of a typed code says. */
  enter: string;
  onIn: (answer: T) => void;
  again: string;
  onAgain: () => void;
}

export function SecondFactor<T>({ waiting, doors, enter, onIn, again, onAgain }: Props<T>): JSX.Element {
  const methods = waiting.second_factors;
  const best = (["passkey", "totp"] as const).find((one) => methods.includes(one)) ?? "sms";
  const [method, setMethod] = useState<Method>(best);
  const [code, setCode] = useState("");
  const [sent, setSent] = useState(best === "sms");
  const { busy, problem, run } = useAct();
  /** A new message is of a challenge of its own; its code fits no other. */
  const [challengeId, setChallengeId] = useState(waiting.challenge_id);
  const about = { challenge_id: challengeId };

  const message = (): Promise<void> =>
    run(async () => {
      const sentNow = await call<ChallengeAnswer>("POST", doors.message, { body: about });
      setChallengeId(sentNow.challenge_id);
      setSent(true);
    });
  const send = (): void =>
    void run(async () => {
      const body = { ...about, method, code: code.trim() };
      onIn(await call<T>("POST", doors.code, { body }));
    });
  const show = (): void =>
    void run(async () => {
      const options = await call<OptionsAnswer>("POST", doors.passkeyOptions, { body: about });
      const credential = await askPasskey(options.public_key);
      const body = { ...about, credential };
      onIn(await call<T>("POST", doors.passkey, { body }));
    });
  const choose = (chosen: Method): void => {
    setMethod(chosen);
    if (chosen === "sms" && !sent) void message();
  };

  return (
    <Card title={t("second.title")}>
      {methods.length > 1 && (
        <Radios
          label={t("second.method")}
          name="method"
          value={method}
          options={methods.map((one) => [one, word("second", one)] as const)}
          onChoose={choose}
        />
      )}
      {method === "sms" && sent && (
        <Notice>
          <p>{t("second.sent")}</p>
        </Notice>
      )}
      <Form onSend={method === "passkey" ? show : send}>
        {method !== "passkey" && (
          <Field
            label={t("second.code")}
            name="code"
            inputMode={method === "recovery_code" ? "text" : "numeric"}
            autocomplete="one-time-code"
            value={code}
            onInput={setCode}
          />
        )}
        <Refusal problem={problem} />
        <div class="row">
          <Button busy={busy}>{method === "passkey" ? t("second.show_passkey") : enter}</Button>
          {method === "sms" && (
            <Button kind="plain" onClick={() => void message()}>
              {t("second.again")}
            </Button>
          )}
          <button type="button" class="link" onClick={onAgain}>
            {again}
          </button>
        </div>
      </Form>
    </Card>
  );
}
