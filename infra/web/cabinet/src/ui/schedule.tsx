/** A schedule of payments; on a narrow screen it scrolls by itself. */

import type { JSX } from "preact";
import type { ScheduleAnswer } from "../api/schema";
import { day, money, t } from "../texts";

export function ScheduleTable({ of }: { of: ScheduleAnswer }): JSX.Element {
  return (
    <div class="wide" role="region" aria-label={t("schedule.title")} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("schedule.day")}</th>
            <th scope="col">{t("schedule.principal")}</th>
            <th scope="col">{t("schedule.interest")}</th>
            <th scope="col">{t("schedule.total")}</th>
          </tr>
        </thead>
        <tbody>
          {of.instalments.map((one) => (
            <tr key={one.number}>
              <td>{day(one.due_on)}</td>
              <td>{money(one.principal)}</td>
              <td>{money(one.interest)}</td>
              <td>{money(one.total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
