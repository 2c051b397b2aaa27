/** Who one is: the form of clauses 4.1a to 4.1c, and the consents. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct, useLoaded } from "../../acts";
import { call } from "../../api/client";
import type { ConsentTexts } from "../../api/schema";
import { drafts } from "../../session";
import { t, word } from "../../texts";
import { Check, Field, Form, Select, fieldErrors, missing } from "../../ui/form";
import { Button, Card, Loading, Refusal } from "../../ui/parts";
import type { StepProps } from "../registration";

const KINDS = ["id_card", "passport", "residence_permit", "stateless_certificate"] as const;
const DRAFT = "person";

interface Typed {
  surname: string;
  given_name: string;
  patronymic: string;
  iin: string;
  kind: (typeof KINDS)[number];
  number: string;
  valid_until: string;
  iban: string;
}

const NOTHING: Typed = {
  surname: "",
  given_name: "",
  patronymic: "",
  iin: "",
  kind: "id_card",
  number: "",
  valid_until: "",
  iban: "",
};

/** Refusals of one field, told beside it. */
const FIELD_OF: Record<string, keyof Typed> = {
  iin_invalid: "iin",
  iban_invalid: "iban",
  bank_unknown: "iban",
  document_number_invalid: "number",
  document_expired: "valid_until",
};

export function PersonStep({ path, token, onDone }: StepProps): JSX.Element {
  const [typed, setTyped] = useState((drafts.get(DRAFT) as Typed | undefined) ?? NOTHING);
  const [given, setGiven] = useState<ReadonlySet<string>>(new Set());
  const [empty, setEmpty] = useState<Record<string, string>>({});
  const { busy, problem, run } = useAct();
  const texts = useLoaded(
    () => call<ConsentTexts>("GET", "/personal-data/consent-texts", { token }),
    "texts",
  );
  const type = (changed: Partial<Typed>): void => {
    const next = { ...typed, ...changed };
    drafts.set(DRAFT, next);
    setTyped(next);
  };
  const send = (): void => {
    const { patronymic, ...needed } = typed;
    const lacking = missing(needed);
    setEmpty(lacking);
    if (Object.keys(lacking).length > 0) return;
    void run(async () => {
      const { kind, number, valid_until, ...person } = needed;
      const consents = (texts.data?.items ?? [])
        .filter((text) => given.has(text.kind))
        .map((text) => ({ kind: text.kind, text_sha256: text.sha256 }));
      const body = {
        ...person,
        iin: person.iin.replace(/\s/g, ""),
        iban: person.iban.replace(/\s/g, "").toUpperCase(),
        patronymic: patronymic.trim() || null,
        document: { kind, number, valid_until },
        consents,
      };
      await call("PUT", `${path}/person`, { token, body });
      drafts.delete(DRAFT);
      await onDone();
    });
  };
  const errors: Record<string, string | undefined> = { ...fieldErrors(problem), ...empty };
  const told = problem && FIELD_OF[problem.code];
  if (told && problem) errors[told] = `${problem.detail} ${problem.next_step ?? ""}`;
  const field = (name: keyof Typed, label: string) => ({
    name,
    label,
    value: typed[name],
    onInput: (value: string) => type({ [name]: value }),
    error: errors[name],
  });
  return (
    <Form onSend={send}>
      <Card title={t("person.title")}>
        <p>{t("person.text")}</p>
        <Field {...field("surname", t("person.surname"))} autocomplete="family-name" />
        <div class="pair">
          <Field {...field("given_name", t("person.given_name"))} autocomplete="given-name" />
          <Field {...field("patronymic", t("person.patronymic"))} autocomplete="additional-name" hint={t("person.patronymic_hint")} />
        </div>
        <Field {...field("iin", t("person.iin"))} inputMode="numeric" maxLength={14} hint={t("person.iin_hint")} />
      </Card>
      <Card title={t("person.document")}>
        <Select
          label={t("person.kind")}
          name="kind"
          value={typed.kind}
          options={KINDS.map((kind) => [kind, word("person.kind", kind)] as const)}
          onChoose={(kind) => type({ kind })}
        />
        <div class="pair">
          <Field {...field("number", t("person.number"))} />
          <Field {...field("valid_until", t("person.valid_until"))} type="date" />
        </div>
      </Card>
      <Card title={t("person.account")}>
        <Field {...field("iban", t("person.iban"))} hint={t("person.iban_hint")} maxLength={26} />
      </Card>
      <Card title={t("person.consents")}>
        <Refusal problem={texts.problem} />
        {!texts.data && !texts.problem && <Loading />}
        {texts.data?.items.map((text) => (
          <div key={text.kind}>
            <Check
              name={`consent_${text.kind}`}
              checked={given.has(text.kind)}
              onChange={(checked) => {
                const next = new Set(given);
                if (checked) next.add(text.kind);
                else next.delete(text.kind);
                setGiven(next);
              }}
            >
              <strong>{word("consent", text.kind)}</strong>
              <br />
              <span class="small" lang="ru">
                {text.text}
              </span>
            </Check>
          </div>
        ))}
      </Card>
      <Refusal problem={told ? undefined : problem} />
      <div class="row">
        <Button busy={busy}>{t("common.go_on")}</Button>
      </div>
    </Form>
  );
}
