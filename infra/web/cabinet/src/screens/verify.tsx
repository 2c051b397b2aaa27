/** Whether a printed document is one of ours; for anybody, and of no person. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAct } from "../acts";
import { call } from "../api/client";
import type { LookUpAnswer } from "../api/schema";
import { day, moment, t, word } from "../texts";
import { Field, Form } from "../ui/form";
import { Button, Card, Facts, Refusal, Screen } from "../ui/parts";

const DIGEST = /^[0-9a-f]{64}$/;

export function Verify(): JSX.Element {
  const [digest, setDigest] = useState("");
  const [found, setFound] = useState<LookUpAnswer | null>(null);
  const [wrong, setWrong] = useState(false);
  const { busy, problem, run } = useAct();
  const plain = digest.trim().toLowerCase();
  const look = (): void => {
    setFound(null);
    setWrong(!DIGEST.test(plain));
    if (!DIGEST.test(plain)) return;
    void run(async () => setFound(await call<LookUpAnswer>("GET", `/documents/${plain}`)));
  };
  const takeFile = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    const sum = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    setDigest([...new Uint8Array(sum)].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  };
  return (
    <Screen title={t("verify.title")} lead={t("verify.lead")}>
      <Card>
        <Form onSend={look}>
          <div class="field">
            <label for="verify-file">{t("verify.file")}</label>
            <input
              id="verify-file"
              type="file"
              accept="application/pdf"
              onChange={(event) => void takeFile(event.currentTarget.files?.[0])}
            />
            <p class="hint">{t("verify.file_hint")}</p>
          </div>
          <Field
            label={t("verify.digest")}
            name="digest"
            value={digest}
            onInput={setDigest}
            error={wrong ? t("verify.digest_wrong") : undefined}
          />
          <Refusal problem={problem} />
          <div class="row">
            <Button busy={busy}>{t("verify.go")}</Button>
          </div>
        </Form>
      </Card>
      {found && (
        <Card title={t("verify.found")}>
          <div role="status">
            <Facts
              of={[
                [t("verify.kind"), word("paper", found.kind)],
                [t("contract.on"), day(found.contract_on)],
                [t("verify.signed"), found.signed_at ? moment(found.signed_at) : t("verify.unsigned")],
                [t("verify.state"), word("contract", found.state)],
              ]}
            />
          </div>
        </Card>
      )}
    </Screen>
  );
}
