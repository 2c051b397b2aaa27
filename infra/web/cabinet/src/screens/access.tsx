/** Who looked at the client's data, when and why (clause 6.1c). */

import type { JSX } from "preact";
import type { AccessAnswer } from "../api/schema";
import { Link } from "../router";
import { moment, t, word } from "../texts";
import { Pages } from "../ui/pages";
import { Card, Screen } from "../ui/parts";

export function Access(): JSX.Element {
  return (
    <Screen title={t("access.title")} lead={t("access.lead")}>
      <p>
        <Link to="/security">{t("security.back")}</Link>
      </p>
      <Card>
        <Pages<AccessAnswer>
          path="/personal-data/access-history"
          empty={t("access.empty")}
          id={(one) => one.access_id}
        >
          {(one) => (
            <>
              <strong>{word("access.who", one.who)}</strong>
              {one.what && <> · {word("access.what", one.what)}</>}
              <p class="small">
                {moment(one.at)} · {word("access.why", one.why)}
              </p>
            </>
          )}
        </Pages>
      </Card>
    </Screen>
  );
}
