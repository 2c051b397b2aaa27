/** Home says what comes next. */

import type { JSX } from "preact";
import { useLoaded } from "../acts";
import { call } from "../api/client";
import type { ApplicationAnswer, ApplicationPage, ProgressAnswer } from "../api/schema";
import { Link } from "../router";
import { day, money, t, word } from "../texts";
import { Card, Loading, Refusal, Screen } from "../ui/parts";
import { Progress } from "../ui/progress";

const OVER = new Set(["refused"]);
const POLL_MS = 5000;

export function Home(): JSX.Element {
  const found = useLoaded(
    (background) => call<ApplicationPage>("GET", "/applications?limit=20", { background }),
    "home",
  );
  const [newest, ...earlier] = found.data?.items ?? [];
  return (
    <Screen title={t("home.title")}>
      <Refusal problem={found.problem} />
      {!found.data && !found.problem && <Loading />}
      {found.data && !newest && <Nothing />}
      {newest && <Newest application={newest} />}
      {earlier.length > 0 && (
        <Card title={t("home.earlier")}>
          <ul class="list">
            {earlier.map((one) => (
              <li key={one.application_id}>
                <Link to={`/applications/${one.application_id}`}>
                  {t("home.of", { amount: money(one.amount), day: day(one.submitted_at) })}
                </Link>{" "}
                <span class="small">{word("application", one.state)}</span>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </Screen>
  );
}

function Nothing(): JSX.Element {
  return (
    <Card title={t("home.begin")}>
      <p>{t("home.empty")}</p>
      <p>
        <Link to="/apply" class="button">
          {t("home.apply")}
        </Link>
      </p>
    </Card>
  );
}

function Newest({ application }: { application: ApplicationAnswer }): JSX.Element {
  const path = `/applications/${application.application_id}/progress`;
  const found = useLoaded(
    (background) => call<ProgressAnswer>("GET", path, { background }),
    path,
    POLL_MS,
  );
  const over = OVER.has(application.state) || found.data?.next_step === "none";
  return (
    <>
      <Card title={t("home.of", { amount: money(application.amount), day: day(application.submitted_at) })}>
        <Refusal problem={found.problem} />
        {!found.data && !found.problem && <Loading />}
        {found.data && <Progress of={found.data} />}
      </Card>
      {over && (
        <p>
          <Link to="/apply" class="button">
            {t("home.apply")}
          </Link>
        </p>
      )}
    </>
  );
}
