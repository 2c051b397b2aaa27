/** The application, with the whole price before it is sent. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useAct, useLoaded } from "../acts";
import { call, freshKey } from "../api/client";
import type {
  ApplicationAnswer,
  NewApplication,
  ProductAnswer,
  ProductList,
  ScheduleAnswer,
  ScheduleList,
} from "../api/schema";
import { go } from "../router";
import { drafts } from "../session";
import { money, percent, t, word } from "../texts";
import { Form, Radios, Slider } from "../ui/form";
import { Button, Card, Facts, Loading, Refusal, Screen } from "../ui/parts";
import { ScheduleTable } from "../ui/schedule";

type Method = NewApplication["repayment"];

interface Wish {
  amount: number;
  days: number;
  method: Method;
}

const DRAFT = "application";
const AMOUNT_STEP = 5000;
const QUIET_MS = 250;

export function Apply(): JSX.Element {
  const products = useLoaded(() => call<ProductList>("GET", "/products"), "products");
  const product = products.data?.items[0];
  return (
    <Screen title={t("apply.title")} lead={t("apply.lead")}>
      <Refusal problem={products.problem} />
      {!products.data && !products.problem && <Loading />}
      {product && <Choice product={product} />}
    </Screen>
  );
}

function Choice({ product }: { product: ProductAnswer }): JSX.Element {
  const least = Math.ceil(Number(product.least) / AMOUNT_STEP) * AMOUNT_STEP;
  const most = Math.floor(Number(product.most) / AMOUNT_STEP) * AMOUNT_STEP;
  const [wish, setWish] = useState(
    (drafts.get(DRAFT) as Wish | undefined) ?? {
      amount: Math.min(most, Math.max(least, 150_000)),
      days: Math.min(product.longest_days, Math.max(product.shortest_days, 90)),
      method: product.methods[0] ?? "annuity",
    },
  );
  const key = useRef(freshKey());
  const { busy, problem, run } = useAct();
  const change = (changed: Partial<Wish>): void => {
    const next = { ...wish, ...changed };
    key.current = freshKey();
    drafts.set(DRAFT, next);
    setWish(next);
  };
  const schedules = useSchedules(product.product, wish);
  const chosen = schedules.find((one) => one.repayment === wish.method);
  const send = (): void =>
    void run(async () => {
      const body: NewApplication = {
        product: product.product,
        repayment: wish.method,
        amount: `${wish.amount}.00`,
        term_days: wish.days,
      };
      const path = "/applications";
      const answer = await call<ApplicationAnswer>("POST", path, { body, key: key.current });
      drafts.delete(DRAFT);
      go(`/applications/${answer.application_id}`);
    });
  return (
    <Form onSend={send}>
      <Card>
        <Slider
          label={t("apply.amount")}
          name="amount"
          shown={money(`${wish.amount}`)}
          value={wish.amount}
          least={least}
          most={most}
          step={AMOUNT_STEP}
          onInput={(amount) => change({ amount })}
        />
        <Slider
          label={t("apply.term")}
          name="term_days"
          shown={t("apply.days", { count: wish.days })}
          value={wish.days}
          least={product.shortest_days}
          most={product.longest_days}
          step={1}
          onInput={(days) => change({ days })}
        />
        <Radios
          label={t("apply.method")}
          name="repayment"
          value={wish.method}
          options={product.methods.map((one) => [one, word("method", one)] as const)}
          onChoose={(method) => change({ method })}
        />
      </Card>
      {chosen && <Price of={chosen} />}
      <Refusal problem={problem} />
      <div class="row">
        <Button busy={busy}>{t("apply.send")}</Button>
      </div>
    </Form>
  );
}

function Price({ of }: { of: ScheduleAnswer }): JSX.Element {
  return (
    <Card title={t("apply.price")}>
      <div aria-live="polite">
        <p class="sum">{money(of.total)}</p>
        <p class="small">{t("apply.total")}</p>
        <Facts
          of={[
            [t("apply.interest"), money(of.interest)],
            [t("apply.rate"), percent(of.annual_percent)],
            [t("apply.gesv"), percent(of.gesv_percent)],
            [t("apply.first"), money(of.instalments[0]?.total ?? "0")],
          ]}
        />
      </div>
      <details>
        <summary>{t("apply.schedule")}</summary>
        <ScheduleTable of={of} />
      </details>
    </Card>
  );
}

/** The schedules of a wish, asked for once the person pauses; the last wish wins. */
function useSchedules(product: string, { amount, days }: Wish): readonly ScheduleAnswer[] {
  const [found, setFound] = useState<readonly ScheduleAnswer[]>([]);
  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(() => {
      const query = `amount=${amount}.00&term_days=${days}`;
      call<ScheduleList>("GET", `/products/${product}/schedules?${query}`)
        .then((answer) => wanted && setFound(answer.items))
        .catch(() => wanted && setFound([]));
    }, QUIET_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [product, amount, days]);
  return found;
}
