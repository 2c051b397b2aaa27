/** One application: the decision, and how the loan goes on. */

import type { JSX } from "preact";
import { useLoaded } from "../acts";
import { call } from "../api/client";
import type { ApplicationAnswer, ProgressAnswer } from "../api/schema";
import { day, money, t, word } from "../texts";
import { Card, Facts, Loading, Refusal, Screen } from "../ui/parts";
import { Progress } from "../ui/progress";

const POLL_MS = 2000;

export function Application({ id }: { id: string }): JSX.Element {
  const path = `/applications/${id}`;
  const about = useLoaded(() => call<ApplicationAnswer>("GET", path), path);
  const found = useLoaded(
    (background) => call<ProgressAnswer>("GET", `${path}/progress`, { background }),
    path,
    POLL_MS,
  );
  const asked = about.data;
  return (
    <Screen title={t("application.title")}>
      <Refusal problem={about.problem ?? found.problem} />
      {!found.data && !found.problem && <Loading />}
      {found.data && (
        <Card title={word("application", found.data.state)}>
          <Progress of={found.data} />
        </Card>
      )}
      {asked && (
        <Card title={t("application.asked")}>
          <Facts
            of={[
              [t("apply.amount"), money(asked.amount)],
              [t("apply.term"), t("apply.days", { count: asked.term_days })],
              [t("apply.method"), word("method", asked.repayment)],
              [t("application.sent"), day(asked.submitted_at)],
            ]}
          />
        </Card>
      )}
    </Screen>
  );
}
