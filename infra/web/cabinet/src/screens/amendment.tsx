/** An amendment of a contract: what it changes, and both proofs over it (4.10, 5.2). */

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { useAct, useLoaded } from "../acts";
import { call, freshKey } from "../api/client";
import type { AmendmentAnswer, AmendmentList, CeremonyAnswer } from "../api/schema";
import { go } from "../router";
import { t, word } from "../texts";
import { Ceremony } from "../ui/ceremony";
import { Button, Card, Loading, Notice, Refusal } from "../ui/parts";
import { inWords } from "../ui/progress";
import { AboutContract, Paper } from "./contract";

const POLL_MS = 3000;

export function Amendment({ id }: { id: string }): JSX.Element {
  const path = `/contracts/${id}/amendments`;
  const found = useLoaded(
    (background) => call<AmendmentList>("GET", path, { background }),
    path,
    POLL_MS,
  );
  const newest = found.data?.items.at(-1);
  return (
    <AboutContract id={id} title={t("amendment.title")}>
      {() => (
        <>
          <Refusal problem={found.problem} />
          {!found.data && !found.problem && <Loading />}
          {found.data && !newest && (
            <Notice>
              <p>{t("amendment.none")}</p>
            </Notice>
          )}
          {newest && (
            <>
              <Card title={word("amendment", newest.state)}>
                <p>{inWords(newest.explanation)}</p>
                {newest.document_sha256 && (
                  <Paper name={t("amendment.document")} path={`/contracts/${id}/documents/${newest.document_sha256}`} />
                )}
              </Card>
              {newest.next_step === "sign" && <Signing contractId={id} of={newest} />}
            </>
          )}
        </>
      )}
    </AboutContract>
  );
}

function Signing({ contractId, of }: { contractId: string; of: AmendmentAnswer }): JSX.Element {
  const contract = `/contracts/${contractId}`;
  const path = `${contract}/amendments/${of.amendment_id}`;
  const opened = useLoaded(() => call<CeremonyAnswer>("POST", `${path}/signing`), path);
  const key = useRef(freshKey());
  const { busy, problem, run } = useAct();
  const giveUp = (): void =>
    void run(async () => {
      await call("POST", `${path}/withdrawal`, { key: key.current });
      go(contract);
    });
  return (
    <>
      <Refusal problem={opened.problem ?? problem} />
      {!opened.data && !opened.problem && <Loading />}
      {opened.data && (
        <Ceremony ceremony={opened.data} back={`${contract}/amendment`} onSigned={async () => go(contract)}>
          <p>{t("amendment.read")}</p>
        </Ceremony>
      )}
      {of.cause === "client_asked" && (
        <Button kind="danger" busy={busy} onClick={giveUp}>
          {t("amendment.give_up")}
        </Button>
      )}
    </>
  );
}
