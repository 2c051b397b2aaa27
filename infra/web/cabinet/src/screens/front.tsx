/** The first page: what this is, for whoever is not logged in; else what comes next. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Link, go } from "../router";
import { standing } from "../session";
import { useStore } from "../store";
import { t } from "../texts";
import { Card, Screen } from "../ui/parts";
import { Home } from "./home";
import { Login } from "./login";

export function Front(): JSX.Element {
  const who = useStore(standing);
  if (who.state === "in") return <Home />;
  if (who.state === "ended") return <Login ended />;
  return <Welcome />;
}

export function LoginPage(): JSX.Element {
  const who = useStore(standing);
  useEffect(() => {
    if (who.state === "in") go("/", { replace: true });
  }, [who]);
  return <Login ended={who.state === "ended"} />;
}

function Welcome(): JSX.Element {
  const needs = ["welcome.need_1", "welcome.need_2", "welcome.need_3", "welcome.need_4"] as const;
  return (
    <Screen title={t("welcome.title")} lead={t("welcome.lead")}>
      <div class="row">
        <Link to="/registration" class="button">
          {t("welcome.register")}
        </Link>
        <Link to="/login">{t("welcome.login")}</Link>
      </div>
      <br />
      <Card title={t("welcome.need")}>
        <ul class="rules">
          {needs.map((need) => (
            <li key={need}>{t(need)}</li>
          ))}
        </ul>
      </Card>
    </Screen>
  );
}
