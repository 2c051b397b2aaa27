/** What is owed today, what comes next, and how to pay. */

import type { JSX } from "preact";
import { useLoaded } from "../acts";
import { call } from "../api/client";
import type { DebtAnswer } from "../api/schema";
import { day, money, t, word } from "../texts";
import { Card, Facts, Loading, Refusal } from "../ui/parts";

export function DebtCard({ id }: { id: string }): JSX.Element {
  const path = `/contracts/${id}/debt`;
  const found = useLoaded(() => call<DebtAnswer>("GET", path), path);
  const debt = found.data;
  return (
    <Card title={t("debt.title")}>
      <Refusal problem={found.problem} />
      {!debt && !found.problem && <Loading />}
      {debt && <Debt of={debt} />}
    </Card>
  );
}

function Debt({ of }: { of: DebtAnswer }): JSX.Element {
  return (
    <>
      <p class="sum">{money(of.to_pay)}</p>
      <p class="small">{t("debt.to_end", { day: day(of.day) })}</p>
      <Facts
        of={[
          [t("schedule.principal"), money(of.principal)],
          [t("schedule.interest"), money(of.interest)],
          ...(Number(of.penalty) > 0 ? [[t("debt.penalty"), money(of.penalty)] as const] : []),
          ...(of.days_overdue > 0
            ? [[t("debt.overdue"), `${money(of.overdue)} · ${t("apply.days", { count: of.days_overdue })}`] as const]
            : []),
          ...(Number(of.unused) > 0 ? [[t("debt.unused"), money(of.unused)] as const] : []),
          ...(of.next_payment
            ? [[t("debt.next"), `${money(of.next_payment.amount)} · ${day(of.next_payment.due_on)}`] as const]
            : []),
        ]}
      />
      {of.state === "active" && (
        <>
          <h3>{t("debt.how")}</h3>
          <p>{t("debt.how_text")}</p>
          <Facts
            of={[
              [t("person.iban"), of.pay_to.iban],
              [t("debt.purpose"), of.pay_to.purpose],
            ]}
          />
        </>
      )}
      {of.payments.length > 0 && (
        <details>
          <summary>{t("debt.payments")}</summary>
          <ul class="list">
            {of.payments.map((one) => (
              <li key={one.due_on}>
                {day(one.due_on)} · {money(String((Number(one.principal) + Number(one.interest)).toFixed(2)))}{" "}
                <span class="small">{word("payment", one.state)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
