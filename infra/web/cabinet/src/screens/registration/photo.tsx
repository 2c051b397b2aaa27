/** The photo of clause 4.1e: what it must be, a look at it, and what is wrong with it. */

import type { JSX } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { useAct } from "../../acts";
import { call } from "../../api/client";
import type { PhotoStep as Judged } from "../../api/schema";
import { t } from "../../texts";
import { Form } from "../../ui/form";
import { Button, Card, Notice, Refusal } from "../../ui/parts";
import type { StepProps } from "../registration";

const RULES = ["photo.rule_1", "photo.rule_2", "photo.rule_3", "photo.rule_4"] as const;
const TYPES = ["image/jpeg", "image/png"];

export function PhotoStep({ path, token, onDone, waiting = false }: StepProps & { waiting?: boolean }): JSX.Element {
  const id = useId();
  const [photo, setPhoto] = useState<File | null>(null);
  const [shown, setShown] = useState("");
  const [wrong, setWrong] = useState("");
  const [hints, setHints] = useState<Judged["hints"]>([]);
  const { busy, problem, run, forget } = useAct();
  useEffect(() => {
    if (photo === null) return undefined;
    const url = URL.createObjectURL(photo);
    setShown(url);
    return () => URL.revokeObjectURL(url);
  }, [photo]);
  const take = (file: File | undefined): void => {
    forget();
    setHints([]);
    const good = file !== undefined && TYPES.includes(file.type);
    setPhoto(good ? file : null);
    setWrong(good ? "" : t("photo.type"));
  };
  const send = (): void => {
    if (photo === null) {
      setWrong(t("photo.none"));
      return;
    }
    void run(async () => {
      const judged = await call<Judged>("PUT", `${path}/photo`, { token, photo });
      setHints(judged.hints);
      await onDone();
    });
  };
  const told = [...(problem?.errors ?? []), ...hints];
  return (
    <Card title={t("photo.title")}>
      {waiting && (
        <Notice>
          <p>{t("photo.waiting")}</p>
        </Notice>
      )}
      <ul class="rules">
        {RULES.map((rule) => (
          <li key={rule}>{t(rule)}</li>
        ))}
      </ul>
      <Form onSend={send}>
        <div class="field">
          <label for={id}>{t("photo.choose")}</label>
          <input
            id={id}
            type="file"
            name="photo"
            accept={TYPES.join(",")}
            aria-describedby={wrong ? `${id}-error` : undefined}
            aria-invalid={wrong ? "true" : undefined}
            onChange={(event) => take(event.currentTarget.files?.[0])}
          />
          {wrong && (
            <p class="error" id={`${id}-error`}>
              {wrong}
            </p>
          )}
        </div>
        {photo && shown && <img class="photo" src={shown} alt={t("photo.yours")} />}
        <Refusal problem={problem} />
        {told.length > 0 && (
          <ul class="rules" role="status">
            {told.map((hint) => (
              <li key={hint.code}>{hint.message}</li>
            ))}
          </ul>
        )}
        <div class="row">
          <Button busy={busy}>{t("photo.send")}</Button>
        </div>
      </Form>
    </Card>
  );
}
