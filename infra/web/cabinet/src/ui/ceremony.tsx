/** Both proofs of clauses 4.2, 4.10 and 5.2, one after the other: face, then signature. */

import type { ComponentChildren, JSX } from "preact";
import { call } from "../api/client";
import type { CeremonyAnswer } from "../api/schema";
import { t } from "../texts";
import { Face } from "./face";
import { Card, Notice } from "./parts";
import { Sign } from "./sign";

interface Props {
  ceremony: CeremonyAnswer;
  /** Where the person goes on after ЦОИД. */
  back: string;
  /** Of who is not logged in: the token that owns the ceremony. */
  token?: string | undefined;
  /** Where the signature is handed in; by default to the ceremony itself. */
  path?: string;
  children?: ComponentChildren;
  onSigned: () => Promise<void>;
}

export function Ceremony({ ceremony, back, token, path, children, onSigned }: Props): JSX.Element {
  const hand = async (cmsB64: string): Promise<void> => {
    const to = path ?? `/ceremonies/${ceremony.ceremony_id}`;
    await call("PUT", `${to}/signature`, { token, body: { cms_b64: cmsB64 } });
    await onSigned();
  };
  const signed = ceremony.state === "signature_done" || ceremony.state === "completed";
  return (
    <>
      <Card title={t("ceremony.face")}>
        <Face ceremony={ceremony} back={back} />
      </Card>
      {ceremony.biometrics_url === null && (
        <Card title={t("ceremony.sign")}>
          {signed ? (
            <Notice tone="good">
              <p>{t("sign.done")}</p>
            </Notice>
          ) : (
            <Sign ceremony={ceremony} onSigned={hand}>
              {children}
            </Sign>
          )}
        </Card>
      )}
    </>
  );
}
