/** The warning before a session ends of silence, with one button to stay (WCAG 2.2.1). */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { leave, stay, warning } from "../session";
import { useStore } from "../store";
import { clock, t } from "../texts";
import { Button } from "./parts";

export function Idle(): JSX.Element {
  const left = useStore(warning);
  const [busy, setBusy] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const due = left !== null;
  useEffect(() => {
    if (due) dialog.current?.showModal();
    else dialog.current?.close();
  }, [due]);
  const remain = async (): Promise<void> => {
    setBusy(true);
    await stay().catch(() => undefined);
    setBusy(false);
  };
  return (
    <dialog
      ref={dialog}
      aria-labelledby="idle-title"
      onCancel={(event) => {
        event.preventDefault();
        void remain();
      }}
    >
      {due && (
        <>
          <h2 id="idle-title">{t("idle.title")}</h2>
          <p>{t("idle.text")}</p>
          <p class="countdown" aria-hidden="true">
            {clock(left).slice(3)}
          </p>
          <div class="row">
            <Button busy={busy} onClick={() => void remain()}>
              {t("idle.stay")}
            </Button>
            <Button kind="plain" onClick={() => void leave()}>
              {t("frame.leave")}
            </Button>
          </div>
        </>
      )}
    </dialog>
  );
}
