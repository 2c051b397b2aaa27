/** The second factor of a login: whichever of them the client has. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct } from "../acts";
import { call } from "../api/client";
import type { EntryAnswer, OptionsAnswer, WaitingAnswer } from "../api/schema";
import { askPasskey } from "../passkeys";
import { t, word } from "../texts";
import { Field, Form, Radios } from "../ui/form";
import { Button, Card, Notice, Refusal } from "../ui/parts";

type Method = WaitingAnswer["second_factors"][number];

interface Props {
  waiting: WaitingAnswer;
  onIn: (answer: EntryAnswer) => void;
  onAgain: () => void;
}

const BASE = "/sessions/second-factor";

export function SecondFactor({ waiting, onIn, onAgain }: Props): JSX.Element {
  const methods = waiting.second_factors;
  const best = (["passkey", "totp"] as const).find((one) => methods.includes(one)) ?? "sms";
  const [method, setMethod] = useState<Method>(best);
  const [code, setCode] = useState("");
  const [sent, setSent] = useState(best === "sms");
  const { busy, problem, run } = useAct();
  const about = { challenge_id: waiting.challenge_id };

  const message = (): Promise<void> =>
    run(async () => {
      await call("POST", `${BASE}/message`, { body: about });
      setSent(true);
    });
  const send = (): void =>
    void run(async () => {
      const body = { ...about, method, code: code.trim() };
      onIn(await call<EntryAnswer>("POST", BASE, { body }));
    });
  const show = (): void =>
    void run(async () => {
      const path = `${BASE}/passkey-options`;
      const options = await call<OptionsAnswer>("POST", path, { body: about });
      const credential = await askPasskey(options.public_key);
      const body = { ...about, credential };
      onIn(await call<EntryAnswer>("POST", `${BASE}/passkey`, { body }));
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
          <Button busy={busy}>{t(method === "passkey" ? "second.show_passkey" : "login.enter")}</Button>
          {method === "sms" && (
            <Button kind="plain" onClick={() => void message()}>
              {t("second.again")}
            </Button>
          )}
          <button type="button" class="link" onClick={onAgain}>
            {t("login.other")}
          </button>
        </div>
      </Form>
    </Card>
  );
}
