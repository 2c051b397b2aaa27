/** The way to ЦОИД: the person is told what comes, sent there, and comes back here. */

import type { JSX } from "preact";
import type { CeremonyAnswer } from "../api/schema";
import { keep, kept } from "../kept";
import { t } from "../texts";
import { Button, Notice } from "./parts";

/** `back` is where the person goes on, an address without its language. */
export function Face({ ceremony, back }: { ceremony: CeremonyAnswer; back: string }): JSX.Element {
  const url = ceremony.biometrics_url;
  if (url === null) {
    return (
      <Notice tone="good">
        <p>{t("face.done")}</p>
      </Notice>
    );
  }
  const goThere = (): void => {
    keep("way", { back });
    window.location.assign(url);
  };
  return (
    <>
      {kept("way")?.missed && (
        <div class="notice bad" role="alert">
          <p>
            <strong>{t("face.missed")}</strong>
          </p>
          <p>{t("face.missed_next")}</p>
        </div>
      )}
      <p>{t("face.text")}</p>
      <Button onClick={goThere}>{t("face.go")}</Button>
    </>
  );
}
