/**
 * ЭЦП by NCALayer, the program of НУЦ on the client's own computer.
 *
 * Its WebSocket is the one address beside ours that a page may speak to. It shows its own
 * window for key and password; neither ever comes here.
 */

import { t } from "./texts";

const ADDRESS = "wss://127.0.0.1:13579/";
const GREETING_MS = 4_000;
const SIGNING_OF_PERSONS = ["1.3.6.1.5.5.7.3.4", "1.2.398.3.3.4.1.1"];

export class SigningError extends Error {
  /** `cancelled`, `absent` (not installed or not running), or `failed`. */
  readonly why: "cancelled" | "absent" | "failed";

  constructor(why: "cancelled" | "absent" | "failed") {
    super(why);
    this.why = why;
  }
}

interface Answer {
  status?: boolean;
  body?: { result?: string | string[] };
}

/** A detached CMS in base64 over exactly these bytes (also base64). */
export async function signByNcalayer(documentB64: string, locale: string): Promise<string> {
  const socket = await connect();
  try {
    const answer = await ask(socket, {
      module: "kz.gov.pki.knca.basics",
      method: "sign",
      args: {
        allowedStorages: [],
        format: "cms",
        data: documentB64,
        signingParams: { decode: true, encapsulate: false, digested: false, tsaProfile: {} },
        signerParams: { extKeyUsageOids: SIGNING_OF_PERSONS, chain: [] },
        locale: locale === "kk" ? "kk" : locale === "ru" ? "ru" : "en",
      },
    });
    if (answer.status !== true) throw new SigningError("failed");
    const result = answer.body?.result;
    const cms = Array.isArray(result) ? result[0] : result;
    if (!cms) throw new SigningError("cancelled");
    return plain(cms);
  } finally {
    socket.close();
  }
}

/** It may come as PEM, and in lines. */
function plain(cms: string): string {
  return cms.replace(/-----[A-Z ]+-----/g, "").replace(/\s/g, "");
}

/** Open, and greeted: whatever listens there without NCALayer's greeting is not it. */
function connect(): Promise<WebSocket> {
  return new Promise((connected, failed) => {
    const socket = new WebSocket(ADDRESS);
    const absent = (): void => {
      clearTimeout(patience);
      socket.close();
      failed(new SigningError("absent"));
    };
    const patience = setTimeout(absent, GREETING_MS);
    socket.onerror = absent;
    socket.onclose = absent;
    socket.onmessage = () => {
      clearTimeout(patience);
      connected(socket);
    };
  });
}

/** The person may take their time over the password: no limit but the socket's end. */
function ask(socket: WebSocket, request: unknown): Promise<Answer> {
  return new Promise((answered, failed) => {
    socket.onmessage = (event: MessageEvent<string>) => answered(JSON.parse(event.data) as Answer);
    socket.onerror = () => failed(new SigningError("failed"));
    socket.onclose = () => failed(new SigningError("cancelled"));
    socket.send(JSON.stringify(request));
  });
}

export function wordsOf(error: SigningError): { detail: string; next: string } {
  return { detail: t(`sign.${error.why}`), next: t(`sign.${error.why}_next`) };
}
