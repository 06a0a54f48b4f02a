import { createHash, timingSafeEqual } from 'node:crypto';

/** Who may call a server on loopback that acts for the developer. */
export interface Admission {
  port: number;
  /** Random, known to the programs of the local cloud alone. */
  token: string;
}

export interface Refused {
  status: 401 | 403;
  code: string;
  message: string;
}

/** The headers of a request by lower-cased name, as Node has them. */
type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Why a request must not be answered at all, or undefined. Any web page in the developer's browser can send requests to a
 * port of loopback. Its own name in Host shows a page whose name now resolves to 127.0.0.1 (DNS rebinding), and Origin, which
 * browsers set and pages cannot (Fetch Standard, forbidden request-header), a page of another site.
 */
export function refuseOrigin(headers: Headers, { port }: Pick<Admission, 'port'>): Refused | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host, origin } = headers;
  if (typeof host !== 'string' || !hosts.includes(host.toLowerCase())) {
    return { status: 403, code: 'foreignHost', message: `The Host of a request must be ${hosts.join(' or ')}.` };
  }
  if (origin === undefined || hosts.some((one) => origin === `http://${one}`)) return undefined;
  return { status: 403, code: 'foreignOrigin', message: 'A page of another site must not call this server.' };
}

/** The same, and also without the token in `Authorization: Bearer <token>`. Takes the same time for every wrong token. */
export function refuseCall(headers: Headers, admission: Admission): Refused | undefined {
  const foreign = refuseOrigin(headers, admission);
  if (foreign) return foreign;
  const [, given = ''] = /^Bearer +(\S+)$/i.exec(String(headers['authorization'] ?? '')) ?? [];
  if (timingSafeEqual(digest(given), digest(admission.token))) return undefined;
  const message = 'Send Authorization: Bearer <token>, with the token of the address that `npm start` printed.';
  return { status: 401, code: 'tokenMissing', message };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
