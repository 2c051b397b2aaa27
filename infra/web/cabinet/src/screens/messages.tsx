/** Letters to the company and back, and appeals against what was decided. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { useAct, useLoaded } from "../acts";
import { call, freshKey } from "../api/client";
import type {
  AppealAnswer,
  ApplicationPage,
  InquiryAnswer,
  NewAppeal,
  WholeAppeal,
  WholeInquiry,
} from "../api/schema";
import { Link, go } from "../router";
import { drafts } from "../session";
import { day, moment, money, t, word } from "../texts";
import { Field, Form, Select, fieldErrors, missing } from "../ui/form";
import { Pages } from "../ui/pages";
import { Button, Card, Facts, Loading, Refusal, Screen } from "../ui/parts";

const LONGEST = 4000;

export function Messages(): JSX.Element {
  return (
    <Screen title={t("messages.title")}>
      <Card title={t("messages.letters")}>
        <p>
          <Link to="/messages/new" class="button">
            {t("messages.write")}
          </Link>
        </p>
        <Pages<InquiryAnswer> path="/inquiries" empty={t("messages.none")} id={(one) => one.inquiry_id}>
          {(one) => (
            <>
              <Link to={`/messages/${one.inquiry_id}`}>
                {t("messages.of", { day: day(one.opened_at) })}
              </Link>
              <p class="small">
                {word("inquiry", one.state)} · {t("messages.answer_by", { day: day(one.answer_by) })}
              </p>
            </>
          )}
        </Pages>
      </Card>
      <Card title={t("appeals.title")}>
        <p>{t("appeals.text")}</p>
        <p>
          <Link to="/appeals/new">{t("appeals.write")}</Link>
        </p>
        <Pages<AppealAnswer> path="/appeals" empty={t("appeals.none")} id={(one) => one.appeal_id}>
          {(one) => (
            <>
              <Link to={`/appeals/${one.appeal_id}`}>{t("appeals.of", { number: one.number })}</Link>
              <p class="small">
                {word("appeal", one.state)} · {t("messages.answer_by", { day: day(one.answer_by) })}
              </p>
            </>
          )}
        </Pages>
      </Card>
    </Screen>
  );
}

/** What is written is kept as a draft until it is sent; one key for one text. */
function Writing(props: { draft: string; send: (text: string, key: string) => Promise<void> }): JSX.Element {
  const [text, setText] = useState((drafts.get(props.draft) as string | undefined) ?? "");
  const [empty, setEmpty] = useState<Record<string, string>>({});
  const key = useRef(freshKey());
  const { busy, problem, run } = useAct();
  const write = (value: string): void => {
    key.current = freshKey();
    drafts.set(props.draft, value);
    setText(value);
  };
  const send = (): void => {
    const lacking = missing({ text });
    setEmpty(lacking);
    if (lacking["text"]) return;
    void run(async () => {
      await props.send(text, key.current);
      drafts.delete(props.draft);
      setText("");
    });
  };
  return (
    <Form onSend={send}>
      <Field
        label={t("messages.text")}
        name="text"
        lines={6}
        maxLength={LONGEST}
        value={text}
        onInput={write}
        error={empty["text"] ?? fieldErrors(problem)["text"]}
      />
      <Refusal problem={problem} />
      <div class="row">
        <Button busy={busy}>{t("messages.send")}</Button>
      </div>
    </Form>
  );
}

export function NewMessage(): JSX.Element {
  const send = async (text: string, key: string): Promise<void> => {
    const written = await call<WholeInquiry>("POST", "/inquiries", { body: { text }, key });
    go(`/messages/${written.inquiry_id}`);
  };
  return (
    <Screen title={t("messages.new")} lead={t("messages.new_lead")}>
      <Card>
        <Writing draft="inquiry" send={send} />
      </Card>
    </Screen>
  );
}

export function Message({ id }: { id: string }): JSX.Element {
  const path = `/inquiries/${id}`;
  const found = useLoaded(() => call<WholeInquiry>("GET", path), path);
  const inquiry = found.data;
  const send = async (text: string, key: string): Promise<void> => {
    await call("POST", `${path}/letters`, { body: { text }, key });
    await found.reload();
  };
  return (
    <Screen title={t("messages.one")}>
      <p>
        <Link to="/messages">{t("messages.back")}</Link>
      </p>
      <Refusal problem={found.problem} />
      {!inquiry && !found.problem && <Loading />}
      {inquiry && (
        <Card title={word("inquiry", inquiry.state)}>
          <p class="small">{t("messages.answer_by", { day: day(inquiry.answer_by) })}</p>
          <ul class="list">
            {inquiry.letters.map((letter) => (
              <li key={letter.letter_id}>
                <strong>{word("writer", letter.writer)}</strong>{" "}
                <span class="small">{moment(letter.written_at)}</span>
                <p class="letter">{letter.text}</p>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {inquiry && inquiry.state !== "closed" && (
        <Card title={t("messages.reply")}>
          <Writing draft={id} send={send} />
        </Card>
      )}
    </Screen>
  );
}

export function NewAppealScreen(): JSX.Element {
  const [about, setAbout] = useState("");
  const known = useLoaded(() => call<ApplicationPage>("GET", "/applications?limit=20"), "appeals");
  const send = async (text: string, key: string): Promise<void> => {
    const body: NewAppeal = about
      ? { about: "application", about_id: about, text }
      : { about: "everything", text };
    const filed = await call<WholeAppeal>("POST", "/appeals", { body, key });
    go(`/appeals/${filed.appeal_id}`);
  };
  const options = (known.data?.items ?? []).map(
    (one) =>
      [
        one.application_id,
        t("home.of", { amount: money(one.amount), day: day(one.submitted_at) }),
      ] as const,
  );
  return (
    <Screen title={t("appeals.new")} lead={t("appeals.text")}>
      <Card>
        <Select
          label={t("appeals.about")}
          name="about"
          value={about}
          options={[["", t("appeals.everything")], ...options]}
          onChoose={setAbout}
        />
        <Writing draft="appeal" send={send} />
      </Card>
    </Screen>
  );
}

export function Appeal({ id }: { id: string }): JSX.Element {
  const path = `/appeals/${id}`;
  const found = useLoaded(() => call<WholeAppeal>("GET", path), path);
  const appeal = found.data;
  return (
    <Screen title={appeal ? t("appeals.of", { number: appeal.number }) : t("appeals.title")}>
      <p>
        <Link to="/messages">{t("messages.back")}</Link>
      </p>
      <Refusal problem={found.problem} />
      {!appeal && !found.problem && <Loading />}
      {appeal && (
        <Card title={word("appeal", appeal.state)}>
          <Facts
            of={[
              [t("appeals.received"), day(appeal.received_on)],
              [t("appeals.answer"), day(appeal.answer_by)],
            ]}
          />
          <p class="letter">{appeal.text}</p>
          {appeal.answer && (
            <>
              <h3>{t("appeals.answered")}</h3>
              <p class="letter">{appeal.answer}</p>
            </>
          )}
        </Card>
      )}
    </Screen>
  );
}
