/** Signing a contract: both proofs over exactly its bytes (clause 5.2). */

import type { JSX } from "preact";
import { useLoaded } from "../acts";
import { call } from "../api/client";
import type { CeremonyAnswer } from "../api/schema";
import { go } from "../router";
import { money, percent, t } from "../texts";
import { Ceremony } from "../ui/ceremony";
import { Facts, Loading, Refusal } from "../ui/parts";
import { AboutContract, Paper } from "./contract";

export function Signing({ id }: { id: string }): JSX.Element {
  const path = `/contracts/${id}`;
  const opened = useLoaded(() => call<CeremonyAnswer>("POST", `${path}/signing`), path);
  return (
    <AboutContract id={id} title={t("signing.title")} lead={t("signing.lead")}>
      {(contract) => (
        <>
          <Refusal problem={opened.problem} />
          {!opened.data && !opened.problem && <Loading />}
          {opened.data && (
            <Ceremony
              ceremony={opened.data}
              back={`${path}/signing`}
              onSigned={async () => go(path)}
            >
              <Facts
                of={[
                  [t("contract.number"), contract.number],
                  [t("apply.amount"), money(contract.amount)],
                  [t("apply.rate"), percent(contract.annual_percent)],
                  [t("apply.term"), t("apply.days", { count: contract.term_days })],
                ]}
              />
              <Paper name={t("signing.document")} path={`${path}/document`} />
            </Ceremony>
          )}
        </>
      )}
    </AboutContract>
  );
}
