/** Biometrics in a browser nobody has logged in from before (ADR 0010). */

import type { JSX } from "preact";
import { useAct, useLoaded } from "../acts";
import { call } from "../api/client";
import type { CeremonyAnswer, EntryAnswer } from "../api/schema";
import { kept } from "../kept";
import { t } from "../texts";
import { Face } from "../ui/face";
import { Button, Card, Loading, Refusal, Screen } from "../ui/parts";

interface Props {
  onIn: (answer: EntryAnswer) => void;
  onAgain: () => void;
}

export function NewBrowser({ onIn, onAgain }: Props): JSX.Element {
  const check = kept("check");
  const path = `/sessions/device-checks/${check?.id}`;
  const token = check?.token;
  const { busy, problem, run } = useAct();
  const opened = useLoaded(
    () => call<CeremonyAnswer>("POST", `${path}/ceremony`, { token }),
    path,
  );
  const finish = (): void =>
    void run(async () => {
      const body = { ceremony_id: opened.data?.ceremony_id };
      onIn(await call<EntryAnswer>("POST", `${path}/completion`, { token, body }));
    });
  return (
    <Screen title={t("newbrowser.title")} lead={t("newbrowser.lead")}>
      <Card>
        <Refusal problem={opened.problem ?? problem} />
        {!opened.data && !opened.problem && <Loading />}
        {opened.data && <Face ceremony={opened.data} back="/login" />}
        <div class="row">
          {opened.data?.biometrics_url === null && (
            <Button busy={busy} onClick={finish}>
              {t("login.enter")}
            </Button>
          )}
          <button type="button" class="link" onClick={onAgain}>
            {t("login.other")}
          </button>
        </div>
      </Card>
    </Screen>
  );
}
