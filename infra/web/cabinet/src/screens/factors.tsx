/** Second factors: an authenticator app and codes on paper, each changed after a proof. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct, useLoaded } from "../acts";
import { call } from "../api/client";
import type { FactorsAnswer, RecoveryCodesAnswer, TotpAnswer } from "../api/schema";
import { Link } from "../router";
import { day, t } from "../texts";
import { Field, Form, fieldErrors } from "../ui/form";
import { Button, Card, Loading, Notice, Refusal, Screen } from "../ui/parts";
import { useProved } from "./proved";

export function Factors(): JSX.Element {
  const found = useLoaded(() => call<FactorsAnswer>("GET", "/factors"), "factors");
  const { asking, busy, problem, proved } = useProved();
  const [totp, setTotp] = useState<TotpAnswer | null>(null);
  const [codes, setCodes] = useState<readonly string[]>([]);
  const addTotp = async (): Promise<void> => setTotp(await call<TotpAnswer>("POST", "/factors/totp"));
  const removeTotp = async (): Promise<void> => {
    await call("DELETE", "/factors/totp");
    await found.reload();
  };
  const newCodes = async (): Promise<void> => {
    const made = await call<RecoveryCodesAnswer>("POST", "/factors/recovery-codes");
    setCodes(made.codes);
    await found.reload();
  };
  const factors = found.data;
  return (
    <Screen title={t("factors.title")} lead={t("factors.lead")}>
      <p>
        <Link to="/security">{t("security.back")}</Link>
      </p>
      <Refusal problem={found.problem ?? problem} />
      {!factors && !found.problem && <Loading />}
      {asking}
      {factors && !asking && (
        <>
          <Card title={t("second.totp")}>
            {totp ? (
              <Confirm
                totp={totp}
                onDone={async () => {
                  setTotp(null);
                  await found.reload();
                }}
              />
            ) : factors.totp_since ? (
              <>
                <p>{t("factors.totp_since", { day: day(factors.totp_since) })}</p>
                <Button kind="danger" busy={busy} onClick={() => proved(removeTotp)}>
                  {t("factors.totp_remove")}
                </Button>
              </>
            ) : (
              <>
                <p>{t("factors.totp_text")}</p>
                <Button busy={busy} onClick={() => proved(addTotp)}>
                  {t("factors.totp_add")}
                </Button>
              </>
            )}
          </Card>
          <Card title={t("factors.codes")}>
            <p>{t("factors.codes_left", { count: factors.recovery_codes_left })}</p>
            {codes.length > 0 && <Codes of={codes} />}
            <Button kind="plain" busy={busy} onClick={() => proved(newCodes)}>
              {t("factors.codes_new")}
            </Button>
          </Card>
        </>
      )}
    </Screen>
  );
}

function Codes({ of }: { of: readonly string[] }): JSX.Element {
  return (
    <Notice>
      <p>{t("factors.codes_once")}</p>
      <ul class="digest">
        {of.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </Notice>
  );
}

function Confirm({ totp, onDone }: { totp: TotpAnswer; onDone: () => Promise<void> }): JSX.Element {
  const [code, setCode] = useState("");
  const { busy, problem, run } = useAct();
  const send = (): void =>
    void run(async () => {
      await call("POST", "/factors/totp/confirmation", { body: { code: code.trim() } });
      await onDone();
    });
  return (
    <Form onSend={send}>
      <p>{t("factors.totp_key")}</p>
      <p class="digest" id="totp-key">
        {totp.key}
      </p>
      <p>
        <a href={totp.otpauth_uri}>{t("factors.totp_here")}</a>
      </p>
      <Field
        label={t("factors.totp_code")}
        name="code"
        inputMode="numeric"
        autocomplete="one-time-code"
        value={code}
        onInput={setCode}
        error={fieldErrors(problem)["code"]}
      />
      <Refusal problem={problem} />
      <Button busy={busy}>{t("common.go_on")}</Button>
    </Form>
  );
}
