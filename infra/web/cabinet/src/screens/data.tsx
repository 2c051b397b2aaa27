/** What the client has consented to, and all that is held of them (law №94-V). */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct, useLoaded } from "../acts";
import { call } from "../api/client";
import type { ConsentTexts, ConsentsAnswer, ExportAnswer } from "../api/schema";
import { Link } from "../router";
import { moment, t, word } from "../texts";
import { Button, Card, Loading, Notice, Refusal, Screen } from "../ui/parts";
import { useProved } from "./proved";

export function PersonalData(): JSX.Element {
  return (
    <Screen title={t("data.title")}>
      <p>
        <Link to="/security">{t("security.back")}</Link>
      </p>
      <Consents />
      <Export />
    </Screen>
  );
}

function Consents(): JSX.Element {
  const found = useLoaded(() => call<ConsentsAnswer>("GET", "/personal-data/consents"), "consents");
  const texts = useLoaded(() => call<ConsentTexts>("GET", "/personal-data/consent-texts"), "texts");
  const { busy, problem, run } = useAct();
  const act = (method: "PUT" | "DELETE", kind: string, body?: unknown): void =>
    void run(async () => {
      await call(method, `/personal-data/consents/${kind}`, { body });
      await found.reload();
    });
  const standing = new Set(found.data?.standing);
  return (
    <Card title={t("person.consents")}>
      <Refusal problem={found.problem ?? texts.problem ?? problem} />
      {!found.data && !found.problem && <Loading />}
      <ul class="list">
        {found.data &&
          texts.data?.items.map((text) => {
            const given = standing.has(text.kind);
            const last = found.data?.items.findLast((line) => line.kind === text.kind);
            return (
              <li key={text.kind}>
                <strong>{word("consent", text.kind)}</strong>
                <p class="small">
                  {t(given ? "data.given" : "data.not_given")}
                  {last && ` · ${moment(last.at)}`}
                </p>
                <details>
                  <summary>{t("statement.text")}</summary>
                  <p lang="ru">{text.text}</p>
                </details>
                {given ? (
                  <Button kind="danger" busy={busy} onClick={() => act("DELETE", text.kind)}>
                    {t("data.withdraw")}
                  </Button>
                ) : (
                  <Button
                    kind="plain"
                    busy={busy}
                    onClick={() => act("PUT", text.kind, { text_sha256: text.sha256 })}
                  >
                    {t("consent_to.give")}
                  </Button>
                )}
              </li>
            );
          })}
      </ul>
    </Card>
  );
}

/** The file holds everything in clear: it is made when asked for, and the look is recorded. */
function Export(): JSX.Element {
  const [done, setDone] = useState(false);
  const { asking, busy, problem, proved } = useProved();
  const fetchIt = (): void =>
    proved(async () => {
      const data = await call<ExportAnswer>("POST", "/personal-data/export");
      const file = new Blob([JSON.stringify(data, null, 1)], { type: "application/json" });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = "personal-data.json";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      setDone(true);
    });
  if (asking) return asking;
  return (
    <Card title={t("data.export")}>
      <p>{t("data.export_text")}</p>
      <Refusal problem={problem} />
      {done && (
        <Notice tone="good">
          <p>{t("data.exported")}</p>
        </Notice>
      )}
      <Button kind="plain" busy={busy} onClick={fetchIt}>
        {t("data.export_go")}
      </Button>
    </Card>
  );
}
