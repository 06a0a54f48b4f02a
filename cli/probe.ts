import http from 'node:http';
import https from 'node:https';

/** Why a host did not answer. */
export interface Silence {
  /** In words, such as `connection refused`. */
  cause: string;
  isTls: boolean;
}

/** Whether a host answers HTTP at all: undefined for an answer with any status. */
export type Probe = (url: string) => Promise<Silence | undefined>;

/** The verb ends within five seconds: this leaves one for the start of the program. */
const PROBE_LIMIT_MS = 4_000;

/**
 * Asks the root of the host of `url`, without a credential. A service that is slow or throttles answers this too, so it is
 * not mistaken for one that is out of reach. Node's HTTP client is used because it does not retry.
 */
export const probe: Probe = (url) =>
  new Promise((resolve) => {
    const { protocol, origin } = new URL(url);
    const client = protocol === 'https:' ? https : http;
    const request = client.get(origin, { agent: false, headers: { connection: 'close' } });
    const end = (silence?: Silence) => {
      clearTimeout(timer);
      resolve(silence);
      request.destroy();
    };
    const timer = setTimeout(() => {
      const cause = request.socket?.connecting === false ? 'connected, but no answer' : 'no connection';
      end({ cause: `${cause} within ${PROBE_LIMIT_MS / 1000} s`, isTls: false });
    }, PROBE_LIMIT_MS);
    request.once('response', (answer) => {
      answer.resume();
      end();
    });
    request.on('error', (error) => end(describeSilence('code' in error ? String(error.code) : '')));
  });

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'name not found, the DNS server does not answer',
  ETIMEDOUT: 'no connection',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ECONNRESET: 'connection closed without an answer',
};

/** Codes of OpenSSL and of Node for a certificate that is not accepted, and EPROTO for a host that does not speak TLS. */
const TLS_CODE = /CERT|ISSUER|SIGNATURE|SSL|TLS|^EPROTO$/;

/** @param code of Node's error, '' when there is none */
export function describeSilence(code: string): Silence {
  // Other codes of Node have letters and underscores, and those of its HTTP parser begin with HPE_.
  const known = CAUSES[code] ?? (code.startsWith('HPE_') ? 'the answer is not HTTP' : undefined);
  if (known !== undefined) return { cause: known, isTls: false };
  const isTls = TLS_CODE.test(code);
  return { cause: isTls ? `TLS failed: ${code}` : code || 'no answer', isTls };
}
