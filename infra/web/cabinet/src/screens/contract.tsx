/** One contract: what is due, what it says, its papers; refusing while that is possible. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Loaded, useAct, useLoaded } from "../acts";
import { call } from "../api/client";
import type { ContractAnswer, DocumentAnswer, DocumentList, PayoutAnswer, ScheduleAnswer } from "../api/schema";
import { Link } from "../router";
import { clock, day, moment, money, percent, t, word } from "../texts";
import { Button, Card, Facts, Loading, Refusal, Screen } from "../ui/parts";
import { NextStep, inWords } from "../ui/progress";
import { ScheduleTable } from "../ui/schedule";
import { bytesOf } from "../ui/sign";
import { DebtCard } from "./debt";

const POLL_MS = 5000;
const WITH_PAYOUT = new Set(["consented", "awaiting_release", "released", "active", "closed", "blocked"]);
const WITH_DEBT = new Set(["active", "closed"]);

export function useContract(id: string, everyMs?: number): Loaded<ContractAnswer> {
  const path = `/contracts/${id}`;
  return useLoaded(
    (background) => call<ContractAnswer>("GET", path, { background }),
    path,
    everyMs,
  );
}

/** A screen about one contract, which it waits for. */
export function AboutContract(props: {
  id: string;
  title: string;
  lead?: string;
  children: (contract: ContractAnswer, reload: () => Promise<void>) => ComponentChildren;
}): JSX.Element {
  const found = useContract(props.id);
  return (
    <Screen title={props.title} {...(props.lead ? { lead: props.lead } : {})}>
      <p>
        <Link to={`/contracts/${props.id}`}>{t("contract.back")}</Link>
      </p>
      <Refusal problem={found.problem} />
      {!found.data && !found.problem && <Loading />}
      {found.data && props.children(found.data, () => found.reload())}
    </Screen>
  );
}

export function Contract({ id }: { id: string }): JSX.Element {
  const found = useContract(id, POLL_MS);
  const contract = found.data;
  return (
    <Screen title={contract ? t("contract.title", { number: contract.number }) : t("contract.one")}>
      <Refusal problem={found.problem} />
      {!contract && !found.problem && <Loading />}
      {contract && (
        <>
          <Now contract={contract} onTime={() => void found.reload(true)} />
          {WITH_DEBT.has(contract.state) && <DebtCard id={id} />}
          <Terms contract={contract} />
          <Papers id={id} state={contract.state} />
        </>
      )}
    </Screen>
  );
}

function Now({ contract, onTime }: { contract: ContractAnswer; onTime: () => void }): JSX.Element {
  const waits = contract.next_step === "wait_for_hold" && contract.hold_until !== null;
  return (
    <Card title={word("contract", contract.state)}>
      <p>{inWords(contract.explanation)}</p>
      {waits && contract.hold_until && (
        <>
          <p>{t("contract.until", { at: moment(contract.hold_until) })}</p>
          <Countdown seconds={contract.seconds_left ?? 0} onTime={onTime} />
        </>
      )}
      {contract.next_step in DUE && <NextStep step={contract.next_step} contractId={contract.contract_id} />}
      {WITH_PAYOUT.has(contract.state) && <Payout contract={contract} />}
      {contract.may_refuse && (
        <p>
          <Link to={`/contracts/${contract.contract_id}/refusal`} class="refuse">{t("contract.refuse")}</Link>
        </p>
      )}
    </Card>
  );
}

const DUE: Record<string, true> = { sign: true, give_consent: true, confirm_release: true, amendment: true };

/** Seconds by the server's count, run down by this clock; asks again at the end. */
export function Countdown({ seconds, onTime }: { seconds: number; onTime: () => void }): JSX.Element {
  const [end, setEnd] = useState(Date.now() + seconds * 1000);
  const [left, setLeft] = useState(seconds);
  useEffect(() => setEnd(Date.now() + seconds * 1000), [seconds]);
  useEffect(() => {
    const timer = setInterval(() => {
      const still = Math.max(0, Math.round((end - Date.now()) / 1000));
      setLeft(still);
      if (still === 0) onTime();
    }, 1000);
    return () => clearInterval(timer);
  }, [end]);
  return (
    <p class="countdown" role="timer">
      {clock(left)}
    </p>
  );
}

function Payout({ contract }: { contract: ContractAnswer }): JSX.Element | null {
  const path = `/contracts/${contract.contract_id}/payout`;
  const found = useLoaded(
    (background) => call<PayoutAnswer>("GET", path, { background }),
    `${path} ${contract.state}`,
    POLL_MS,
  );
  const payout = found.data;
  if (!payout) return null;
  return (
    <Facts
      of={[
        [t("payout.sum"), money(payout.amount)],
        [t("payout.state"), word("payout", payout.state)],
        ...(payout.settled_at ? [[t("payout.at"), moment(payout.settled_at)] as const] : []),
      ]}
    />
  );
}

function Terms({ contract }: { contract: ContractAnswer }): JSX.Element {
  const path = `/contracts/${contract.contract_id}/schedule`;
  const found = useLoaded(() => call<ScheduleAnswer>("GET", path), `${path} ${contract.state}`);
  const schedule = found.data;
  return (
    <Card title={t("contract.terms")}>
      <Facts
        of={[
          [t("apply.amount"), money(contract.amount)],
          [t("apply.term"), t("apply.days", { count: contract.term_days })],
          [t("apply.rate"), percent(contract.annual_percent)],
          ...(schedule
            ? [
                [t("apply.gesv"), percent(schedule.gesv_percent)] as const,
                [t("contract.total"), money(schedule.total)] as const,
              ]
            : []),
          [t("apply.method"), word("method", contract.repayment)],
          [t("contract.on"), day(contract.contract_on)],
        ]}
      />
      {schedule && (
        <details>
          <summary>{t(schedule.final ? "schedule.final" : "apply.schedule")}</summary>
          <ScheduleTable of={schedule} />
        </details>
      )}
    </Card>
  );
}

function Papers({ id, state }: { id: string; state: string }): JSX.Element {
  const path = `/contracts/${id}/documents`;
  const found = useLoaded(() => call<DocumentList>("GET", path), `${path} ${state}`);
  return (
    <Card title={t("papers.title")}>
      <p>{t("papers.text")}</p>
      <Refusal problem={found.problem} />
      <ul class="list">
        {found.data?.items.map((one) => (
          <li key={one.sha256}>
            <Paper name={word("paper", one.kind)} path={`${path}/${one.sha256}`} />
            <p class="small">
              SHA-256 <span class="digest">{one.sha256}</span>
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** The file is read when it is asked for: each look at a document is recorded. */
export function Paper({ name, path }: { name: string; path: string }): JSX.Element {
  const { busy, problem, run } = useAct();
  const fetchIt = (): void =>
    void run(async () => {
      const found = await call<DocumentAnswer>("GET", path);
      const file = new Blob([bytesOf(found.document_b64)], { type: found.media_type });
      const url = URL.createObjectURL(file);
      const link = document.createElement("a");
      link.href = url;
      link.download = `${name}.pdf`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    });
  return (
    <>
      <Button busy={busy} kind="plain" onClick={fetchIt}>
        {t("papers.fetch", { name })}
      </Button>
      <Refusal problem={problem} />
    </>
  );
}
