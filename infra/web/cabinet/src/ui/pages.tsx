/** A list that comes by pages, newest first. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useAct } from "../acts";
import { call } from "../api/client";
import { t } from "../texts";
import { Button, Loading, Refusal } from "./parts";

interface Page<T> {
  items: T[];
  next: string | null;
}

interface Props<T> {
  path: string;
  empty: string;
  id: (item: T) => string;
  children: (item: T) => JSX.Element;
}

export function Pages<T>({ path, empty, id, children }: Props<T>): JSX.Element {
  const [items, setItems] = useState<T[]>();
  const [next, setNext] = useState<string | null>(null);
  const { busy, problem, run } = useAct();
  const more = (): Promise<void> =>
    run(async () => {
      const cursor = next === null ? "" : `&cursor=${encodeURIComponent(next)}`;
      const page = await call<Page<T>>("GET", `${path}?limit=20${cursor}`);
      setItems([...(items ?? []), ...page.items]);
      setNext(page.next);
    });
  useEffect(() => {
    void more();
  }, [path]);
  return (
    <>
      <Refusal problem={problem} />
      {!items && !problem && <Loading />}
      {items?.length === 0 && <p>{empty}</p>}
      {items && items.length > 0 && (
        <ul class="list">
          {items.map((item) => (
            <li key={id(item)}>{children(item)}</li>
          ))}
        </ul>
      )}
      {next !== null && (
        <Button kind="plain" busy={busy} onClick={() => void more()}>
          {t("pages.more")}
        </Button>
      )}
    </>
  );
}
