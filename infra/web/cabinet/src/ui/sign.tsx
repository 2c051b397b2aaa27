/** ЭЦП over a document: what will be signed, and the program that signs. */

import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct } from "../acts";
import { ProblemError } from "../api/client";
import type { CeremonyAnswer } from "../api/schema";
import { SigningError, signByNcalayer, wordsOf } from "../ncalayer";
import { t, words } from "../texts";
import { Button, Refusal } from "./parts";

interface Props {
  ceremony: CeremonyAnswer;
  /** The document as people read it; by default its own bytes, which are text. */
  children?: ComponentChildren;
  onSigned: (cmsB64: string) => Promise<void>;
}

export function Sign({ ceremony, children, onSigned }: Props): JSX.Element {
  const { busy, problem, run } = useAct();
  const [opened, setOpened] = useState(false);
  const sign = (): void =>
    void run(async () => {
      setOpened(true);
      let cms: string;
      try {
        cms = await signByNcalayer(ceremony.document_b64, words.get().language);
      } catch (error) {
        if (!(error instanceof SigningError)) throw error;
        const { detail, next } = wordsOf(error);
        throw new ProblemError({ status: 0, code: `signing_${error.why}`, detail, next_step: next });
      } finally {
        setOpened(false);
      }
      await onSigned(cms);
    });
  return (
    <>
      {children ?? (
        <pre class="statement" tabIndex={0} aria-label={t("sign.document")}>
          {textOf(ceremony.document_b64)}
        </pre>
      )}
      <p class="small">
        {t("sign.digest")} <span class="digest">{ceremony.document_sha256}</span>
      </p>
      <p>{t("sign.text")}</p>
      <Refusal problem={problem} />
      {opened && <p role="status">{t("sign.opened")}</p>}
      <Button busy={busy} onClick={sign}>
        {t("sign.go")}
      </Button>
    </>
  );
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function textOf(base64: string): string {
  return new TextDecoder().decode(bytesOf(base64));
}
