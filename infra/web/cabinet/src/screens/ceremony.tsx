/** Where the person lands after ЦОИД: on to whatever they were at. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { drop, keep, kept } from "../kept";
import { Link, go } from "../router";
import { t } from "../texts";
import { Loading, Screen } from "../ui/parts";

/** The gateway leads here instead of to a ceremony when an attempt was refused. */
const NOT_PASSED = "not-passed";

export function Return({ id }: { id: string }): JSX.Element {
  const way = kept("way");
  useEffect(() => {
    if (way === null) return;
    if (id === NOT_PASSED) keep("way", { ...way, missed: true });
    else drop("way");
    go(way.back, { replace: true });
  }, []);
  if (way !== null) return <Loading />;
  return (
    <Screen title={t("return.title")} lead={t("return.lead")}>
      <Link to="/">{t("nowhere.home")}</Link>
    </Screen>
  );
}
