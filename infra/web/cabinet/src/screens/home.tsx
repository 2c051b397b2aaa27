/** Home says what comes next. */

import type { JSX } from "preact";
import { t } from "../texts";
import { Card, Screen } from "../ui/parts";

export function Home(): JSX.Element {
  return (
    <Screen title={t("home.title")}>
      <Card>
        <p>{t("home.empty")}</p>
      </Card>
    </Screen>
  );
}
