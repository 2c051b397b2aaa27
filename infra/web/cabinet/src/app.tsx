/** The frame around every screen, and which screen an address means. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { call } from "./api/client";
import { Link, changeLanguage, go, match, place } from "./router";
import { ROUTES, type Route } from "./routes";
import { Login } from "./screens/login";
import { Idle } from "./ui/idle";
import { Loading, Screen } from "./ui/parts";
import { leave, standing } from "./session";
import { useStore } from "./store";
import { LANGUAGES, type Language, NAMES, speak, t, words } from "./texts";

export function App(): JSX.Element {
  const { language, path } = useStore(place);
  const spoken = useStore(words);
  useEffect(() => {
    if (spoken.language !== language) void speak(language);
  }, [language, spoken]);
  return (
    <div key={spoken.language}>
      <a class="skip" href="#main">
        {t("frame.skip")}
      </a>
      <Top path={path} />
      <main id="main" tabIndex={-1}>
        <Here path={path} />
      </main>
      <Foot />
      <Idle />
    </div>
  );
}

function Here({ path }: { path: string }): JSX.Element {
  const who = useStore(standing);
  const found = find(path);
  if (who.state === "asking") return <Loading />;
  if (!found) return <Nowhere />;
  if (found.route.open || who.state === "in") return <found.route.screen key={path} id={found.named["id"] ?? ""} />;
  return <Login ended={who.state === "ended"} />;
}

function find(path: string): { route: Route; named: Record<string, string> } | null {
  for (const route of ROUTES) {
    const named = match(route.pattern, path);
    if (named) return { route, named };
  }
  return null;
}

function Nowhere(): JSX.Element {
  return (
    <Screen title={t("nowhere.title")} lead={t("nowhere.lead")}>
      <Link to="/">{t("nowhere.home")}</Link>
    </Screen>
  );
}

function Top({ path }: { path: string }): JSX.Element {
  const who = useStore(standing);
  const ways = ROUTES.filter((route) => route.way);
  return (
    <header class="top">
      <div>
        <Link to="/" class="brand">
          <img src="/icon.svg" alt="" width="28" height="28" />
          Kredit
        </Link>
        <Languages />
        {who.state === "in" && (
          <nav class="ways" aria-label={t("frame.ways")}>
            {ways.map((route) => (
              <Link key={route.pattern} to={route.pattern} current={path === route.pattern}>
                {t(route.way ?? "way.home")}
              </Link>
            ))}
            <button type="button" class="out" onClick={() => void leave().then(() => go("/"))}>
              {t("frame.leave")}
            </button>
          </nav>
        )}
      </div>
    </header>
  );
}

function Languages(): JSX.Element {
  const { language } = useStore(place);
  return (
    <div class="languages" role="group" aria-label={t("frame.language")}>
      {LANGUAGES.map((one) => (
        <button
          type="button"
          key={one}
          lang={one}
          aria-label={NAMES[one]}
          aria-pressed={one === language}
          onClick={() => choose(one)}
        >
          {one === "kk" ? "Қаз" : one === "ru" ? "Рус" : "Eng"}
        </button>
      ))}
    </div>
  );
}

/** Whoever is logged in gets messages in the language chosen here, too. */
function choose(language: Language): void {
  changeLanguage(language);
  if (standing.get().state !== "in") return;
  void call("PUT", "/profile/language", { body: { language } }).catch(() => undefined);
}

function Foot(): JSX.Element {
  return (
    <footer class="foot">
      <div>
        <a href="/procedure">{t("frame.procedure")}</a>
        <Link to="/verify">{t("verify.title")}</Link>
        <span>{t("frame.no_third")}</span>
      </div>
    </footer>
  );
}
