/** The two statements of clause 5.5: the text, a fresh code, and nothing given by silence. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { useAct } from "../acts";
import { call, freshKey } from "../api/client";
import type { ChallengeAnswer, ContractAnswer, StatementText } from "../api/schema";
import { go } from "../router";
import { t } from "../texts";
import { Check, Field, Form, fieldErrors } from "../ui/form";
import { Button, Card, Notice, Refusal } from "../ui/parts";
import { AboutContract } from "./contract";

type Kind = StatementText["kind"];

export function Consent({ id }: { id: string }): JSX.Element {
  return <Statement id={id} kind="consent" />;
}

export function Release({ id }: { id: string }): JSX.Element {
  return <Statement id={id} kind="release" />;
}

function Statement({ id, kind }: { id: string; kind: Kind }): JSX.Element {
  const title = t(kind === "consent" ? "consent_to.title" : "release.title");
  const lead = t(kind === "consent" ? "consent_to.lead" : "release.lead");
  return (
    <AboutContract id={id} title={title} lead={lead}>
      {(contract, reload) =>
        contract.statement?.kind === kind ? (
          <Making contract={contract} text={contract.statement} onStale={reload} />
        ) : (
          <Notice>
            <p>{t("statement.not_due")}</p>
          </Notice>
        )
      }
    </AboutContract>
  );
}

interface MakingProps {
  contract: ContractAnswer;
  text: StatementText;
  onStale: () => Promise<void>;
}

function Making({ contract, text, onStale }: MakingProps): JSX.Element {
  const [agreed, setAgreed] = useState(false);
  const [unread, setUnread] = useState(false);
  const [challenge, setChallenge] = useState<ChallengeAnswer | null>(null);
  const [code, setCode] = useState("");
  const key = useRef(freshKey());
  const { busy, problem, run } = useAct();
  const path = `/contracts/${contract.contract_id}`;
  const ask = (): void => {
    setUnread(!agreed);
    if (!agreed) return;
    void run(async () => {
      const body = { purpose: text.kind, contract_id: contract.contract_id };
      setChallenge(await call<ChallengeAnswer>("POST", "/challenges", { body }));
    });
  };
  const give = (): void =>
    void run(async () => {
      const body = {
        challenge_id: challenge?.challenge_id,
        code: code.trim(),
        text_sha256: text.sha256,
      };
      try {
        await call("POST", `${path}/${text.kind}`, { body, key: key.current, seen: contract.version });
      } catch (error) {
        key.current = freshKey();
        await onStale();
        throw error;
      }
      go(path);
    });
  return (
    <Card>
      <pre class="statement" tabIndex={0} aria-label={t("statement.text")}>
        {text.text}
      </pre>
      <Form onSend={challenge ? give : ask}>
        {!challenge && (
          <>
            <Check name="agreed" checked={agreed} onChange={setAgreed}>
              {t("statement.agree")}
            </Check>
            {unread && (
              <p class="error" role="alert">
                {t("statement.agree_first")}
              </p>
            )}
          </>
        )}
        {challenge && (
          <>
            <Notice>
              <p>{t("second.sent")}</p>
            </Notice>
            <Field
              label={t("second.code")}
              name="code"
              inputMode="numeric"
              autocomplete="one-time-code"
              value={code}
              onInput={setCode}
              error={fieldErrors(problem)["code"]}
            />
          </>
        )}
        <Refusal problem={problem} />
        <div class="row">
          <Button busy={busy}>
            {t(challenge ? (text.kind === "consent" ? "consent_to.give" : "release.give") : "registration.send_code")}
          </Button>
          {challenge && (
            <Button kind="plain" onClick={ask}>
              {t("second.again")}
            </Button>
          )}
        </div>
      </Form>
    </Card>
  );
}
