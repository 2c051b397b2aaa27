/** Where the client is logged in, and what may be changed: number and account (4.10). */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { useAct, useLoaded } from "../acts";
import { call, freshKey } from "../api/client";
import type { AccountsAnswer, ChangeStep, ListedSession, SessionsAnswer } from "../api/schema";
import { Link, go } from "../router";
import { moment, t, word } from "../texts";
import { Field, Form, fieldErrors, missing } from "../ui/form";
import { Button, Card, Loading, Refusal, Screen } from "../ui/parts";

export function Security(): JSX.Element {
  return (
    <Screen title={t("security.title")}>
      <Sessions />
      <Card title={t("factors.title")}>
        <p>{t("factors.lead")}</p>
        <p>
          <Link to="/security/factors">{t("factors.open")}</Link>
        </p>
      </Card>
      <Phone />
      <Accounts />
      <Card title={t("data.title")}>
        <p>{t("data.lead")}</p>
        <p>
          <Link to="/security/data">{t("data.open")}</Link>
        </p>
      </Card>
      <Card title={t("access.title")}>
        <p>{t("access.lead")}</p>
        <p>
          <Link to="/security/access">{t("access.open")}</Link>
        </p>
      </Card>
    </Screen>
  );
}

function Sessions(): JSX.Element {
  const found = useLoaded(() => call<SessionsAnswer>("GET", "/sessions"), "sessions");
  const { busy, problem, run } = useAct();
  const end = (which: string): void =>
    void run(async () => {
      await call("DELETE", `/sessions/${which}`);
      await found.reload();
    });
  const sessions = found.data?.sessions;
  return (
    <Card title={t("sessions.title")}>
      <Refusal problem={found.problem ?? problem} />
      {!sessions && !found.problem && <Loading />}
      <ul class="list">
        {sessions?.map((one) => (
          <Listed key={one.session_id} of={one} busy={busy} onEnd={() => end(one.session_id)} />
        ))}
      </ul>
      {sessions && sessions.length > 1 && (
        <p>
          <Button kind="danger" busy={busy} onClick={() => end("others")}>
            {t("sessions.end_others")}
          </Button>
        </p>
      )}
    </Card>
  );
}

function Listed({ of, busy, onEnd }: { of: ListedSession; busy: boolean; onEnd: () => void }): JSX.Element {
  return (
    <li>
      <strong>{of.browser ?? t("sessions.unknown")}</strong>
      {of.current && <> · {t("sessions.this")}</>}
      <p class="small">
        {t("sessions.since", { opened: moment(of.opened_at), active: moment(of.active_at) })}
      </p>
      {!of.current && (
        <Button kind="plain" busy={busy} onClick={onEnd}>
          {t("sessions.end")}
        </Button>
      )}
    </li>
  );
}

function Phone(): JSX.Element {
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
      const change = await call<ChangeStep>("POST", "/phone-changes", { body, key: key.current });
      go(`/security/phone/${change.change_id}`);
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
        <Button kind="plain" busy={busy}>
          {t("change.begin")}
        </Button>
      </Form>
    </Card>
  );
}

function Accounts(): JSX.Element {
  const found = useLoaded(() => call<AccountsAnswer>("GET", "/accounts"), "accounts");
  const [iban, setIban] = useState("");
  const [empty, setEmpty] = useState<Record<string, string>>({});
  const key = useRef(freshKey());
  const { busy, problem, run } = useAct();
  const send = (): void => {
    const lacking = missing({ iban });
    setEmpty(lacking);
    const seen = found.data?.version;
    if (lacking["iban"] || seen === undefined) return;
    void run(async () => {
      const body = { act: "replace", iban: iban.replace(/\s/g, "").toUpperCase() };
      const path = "/account-changes";
      const change = await call<ChangeStep>("POST", path, { body, key: key.current, seen });
      go(`/security/account/${change.change_id}`);
    });
  };
  return (
    <Card title={t("change.account")}>
      <Refusal problem={found.problem} />
      <ul class="list">
        {found.data?.items.map((one) => (
          <li key={one.account_id}>
            <strong class="number">{one.masked}</strong>
            {one.selected && <> · {t("change.selected")}</>}
            <p class="small">{word("account", one.state)}</p>
          </li>
        ))}
      </ul>
      <p>{t("change.text")}</p>
      <Form onSend={send}>
        <Field
          label={t("change.new_account")}
          name="iban"
          hint={t("person.iban_hint")}
          maxLength={26}
          value={iban}
          onInput={(value) => {
            key.current = freshKey();
            setIban(value);
          }}
          error={empty["iban"] ?? fieldErrors(problem)["iban"]}
        />
        <Refusal problem={problem} />
        <Button kind="plain" busy={busy}>
          {t("change.begin")}
        </Button>
      </Form>
    </Card>
  );
}
