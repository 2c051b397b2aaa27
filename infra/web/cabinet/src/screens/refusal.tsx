/** Refusing a microcredit; possible until the money is sent, and said plainly. */

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { useAct } from "../acts";
import { call, freshKey } from "../api/client";
import type { RefusalAnswer } from "../api/schema";
import { go } from "../router";
import { money, t } from "../texts";
import { Button, Card, Notice, Refusal as Told } from "../ui/parts";
import { AboutContract } from "./contract";

export function Refusal({ id }: { id: string }): JSX.Element {
  const key = useRef(freshKey());
  const { busy, problem, run } = useAct();
  const refuse = (): void =>
    void run(async () => {
      await call<RefusalAnswer>("POST", `/contracts/${id}/refusal`, { key: key.current });
      go(`/contracts/${id}`);
    });
  return (
    <AboutContract id={id} title={t("refusal.title")} lead={t("refusal.lead")}>
      {(contract) =>
        contract.may_refuse ? (
          <Card title={t("refusal.sure", { amount: money(contract.amount) })}>
            <p>{t("refusal.text")}</p>
            <Told problem={problem} />
            <Button kind="danger" busy={busy} onClick={refuse}>
              {t("refusal.go")}
            </Button>
          </Card>
        ) : (
          <Notice>
            <p>{t("refusal.not_possible")}</p>
          </Notice>
        )
      }
    </AboutContract>
  );
}
