import type { ReceiverError } from '../errors';
import { isRecord, parseJson, parseText } from '../parse';

/** Why Graph or Entra refused, where its answer says so. */
interface Reason {
  /** For logs and alerts. */
  name: string;
  /** The reason in words: never text of the answer, which may quote its input. */
  words: string;
  /** One or two sentences. */
  remedy: string;
}

/** What an answer says about its refusal. Each field is of a known form and safe to log. */
export interface Refusal {
  reason?: Reason | undefined;
  /** `error.code` of Graph, or `AADSTS` with digits. */
  code?: string | undefined;
  /** `request-id` of Graph, `trace_id` of Entra: Microsoft's support asks for it. */
  requestId?: string | undefined;
  /** `client-request-id` of Graph, `correlation_id` of Entra. */
  correlationId?: string | undefined;
}

const REASONS = {
  quota: {
    words: 'the maximum number of subscriptions has been reached',
    remedy:
      'Remove watches that are not needed (subscriptions remove) and subscriptions of other deployments with this app registration, or ask Microsoft to raise the quota.',
  },
  licence: {
    words: 'the customer has no license for the service',
    remedy: 'The customer assigns a valid Universal Print license, or renews it.',
  },
  urlTimedOut: {
    words: 'Graph got no answer from PUBLIC_BASE_URL in time',
    remedy:
      'Check that the app runs and is reachable from the internet at PUBLIC_BASE_URL, without IP rules or private endpoint, and keep one instance warm: Graph waits 10 s.',
  },
  urlRefused: {
    words: 'PUBLIC_BASE_URL did not answer the validation of Graph as expected',
    remedy:
      'Check PUBLIC_BASE_URL, its certificate, and that no sign-in, firewall or proxy answers in place of the app: {PUBLIC_BASE_URL}/notifications?validationToken=x must return 200 and x.',
  },
  policy: {
    words: 'a Conditional Access policy blocks the app',
    remedy: 'The customer excludes the service principal of the app, or the addresses it calls from, from that policy.',
  },
  appDisabled: {
    words: 'the app is disabled',
    remedy:
      'The customer enables the app in its Enterprise applications. If it is disabled for every customer, enable the app registration.',
  },
  serviceDisabled: {
    words: 'the service that the app calls is disabled for the customer',
    remedy:
      'The customer renews its subscription of Microsoft 365, or enables the service in its Enterprise applications.',
  },
  notInstalled: {
    words: 'the app is not installed for the customer',
    remedy:
      'Have an administrator of the customer consent again (tenants consent-url), and check ENTRA_CLIENT_ID and that the app registration is multi-tenant.',
  },
  unknownTenant: {
    words: 'Entra has no such tenant',
    remedy: 'Check the tenant id (tenants list) and that ENTRA_AUTHORITY_HOST is of the cloud of the customer.',
  },
  clock: {
    words: 'the credential is not valid at this time',
    remedy: 'Correct the clock of the machine that runs the app. If it is right, renew the certificate.',
  },
  secretExpired: {
    words: 'the client secret has expired',
    remedy: 'Create a client secret in the app registration and set ENTRA_CLIENT_SECRET to its value.',
  },
  secretWrong: {
    words: 'the client secret is wrong',
    remedy: 'Set ENTRA_CLIENT_SECRET to the value of a client secret of the app registration, not to its id.',
  },
  certificateRefused: {
    words: 'the certificate of the app is not registered or has expired',
    remedy:
      'Upload the certificate of ENTRA_CLIENT_CERTIFICATE to the app registration, and renew it when it has expired.',
  },
  federationMismatch: {
    words: 'no federated credential of the app fits the managed identity',
    remedy:
      'Correct issuer, subject and audience of the federated credential in the app registration, and check MANAGED_IDENTITY_CLIENT_ID.',
  },
} as const satisfies Readonly<Record<string, Omit<Reason, 'name'>>>;

type ReasonName = keyof typeof REASONS;

/**
 * Codes of Entra (identity-platform/reference-error-codes.md). They may change without notice, so they choose words alone:
 * whether a call is tried again rests on the status.
 */
const ENTRA_CODES: Readonly<Record<string, ReasonName>> = {
  AADSTS700016: 'notInstalled',
  AADSTS7000229: 'notInstalled',
  AADSTS500011: 'notInstalled',
  AADSTS65001: 'notInstalled',
  AADSTS50194: 'notInstalled',
  AADSTS90002: 'unknownTenant',
  AADSTS900023: 'unknownTenant',
  AADSTS7000112: 'appDisabled',
  AADSTS500014: 'serviceDisabled',
  AADSTS650052: 'licence',
  AADSTS53000: 'policy',
  AADSTS53001: 'policy',
  AADSTS53002: 'policy',
  AADSTS53003: 'policy',
  AADSTS530003: 'policy',
  AADSTS700024: 'clock',
  AADSTS7000222: 'secretExpired',
  AADSTS7000215: 'secretWrong',
  AADSTS700027: 'certificateRefused',
  AADSTS70021: 'federationMismatch',
  AADSTS700211: 'federationMismatch',
  AADSTS700212: 'federationMismatch',
  AADSTS700213: 'federationMismatch',
};

/**
 * Graph has few codes for many reasons, and says the reason in the message of its error alone. The first that fits counts.
 * As above, it chooses words alone.
 */
const GRAPH_WORDS: readonly (readonly [RegExp, ReasonName])[] = [
  [/maximum number of subscriptions|subscription (quota|limit)|quota/i, 'quota'],
  [/validation request timed out/i, 'urlTimedOut'],
  [/validation request failed|must respond with 200|notificationurl/i, 'urlRefused'],
  [/conditional ?access|blocked by .{0,20}polic|continuous access evaluation/i, 'policy'],
  [/licen[cs]e|not subscribed/i, 'licence'],
  [/lifetime validation failed|token is (expired|not yet valid)/i, 'clock'],
  [/Authorization_IdentityDisabled|application is disabled/i, 'appDisabled'],
  [/Authorization_IdentityNotFound/i, 'notInstalled'],
];

/** An error of Graph is short. What follows belongs to another document, such as the page of a proxy. */
const MOST_READ = 4_096;

/** What an error of Graph says (concepts/errors.md). @param headers by their names in lower case */
export function readGraphRefusal(body: string, headers: Readonly<Record<string, unknown>>): Refusal {
  const text = body.slice(0, MOST_READ);
  const code = /"code"\s*:\s*"([A-Za-z0-9_.-]{1,64})"/.exec(text)?.[1];
  // Without a code of Graph, something else has answered.
  const name = code === undefined ? undefined : GRAPH_WORDS.find(([words]) => words.test(text))?.[1];
  const idOf = (id: string) => parseSafeId(headers[id]) ?? parseSafeId(fieldOf(text, id));
  return { reason: reasonOf(name), code, requestId: idOf('request-id'), correlationId: idOf('client-request-id') };
}

/** Messages of Graph have a sentence or two. */
const LONGEST_MESSAGE = 300;

/** The message of an error of Graph (concepts/errors.md), shortened. It may quote the request: only a person may see it. */
export function readGraphMessage(body: string): string | undefined {
  const answer = parseJson(body);
  const error = isRecord(answer) ? answer['error'] : undefined;
  const message = isRecord(error) ? parseText(error['message']).trim() : '';
  if (message === '') return undefined;
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE)}…`;
}

/** What an error of Entra's token endpoint says. */
export function readEntraRefusal(body: string): Refusal {
  const text = body.slice(0, MOST_READ);
  const digits = /AADSTS(\d{4,9})/.exec(text)?.[1] ?? /"error_codes"\s*:\s*\[\s*(\d{4,9})/.exec(text)?.[1];
  const code = digits === undefined ? undefined : `AADSTS${digits}`;
  const [requestId, correlationId] = ['trace_id', 'correlation_id'].map((id) => parseSafeId(fieldOf(text, id)));
  return { reason: reasonOf(code === undefined ? undefined : ENTRA_CODES[code]), code, requestId, correlationId };
}

function reasonOf(name: ReasonName | undefined): Reason | undefined {
  return name && { name, ...REASONS[name] };
}

/** Code, reason and ids inside a sentence; '' when nothing is known. */
export function describeRefusal({ reason, code, requestId, correlationId }: Refusal): string {
  const ids = { 'request id': requestId, 'correlation id': correlationId };
  const named = Object.entries(ids).flatMap(([name, id]) => (id === undefined ? [] : `${name} ${id}`));
  return [describeReason({ reason, code }), ...named].filter(Boolean).join(', ');
}

/** Code and reason inside a sentence; '' when nothing is known. */
export function describeReason({ reason, code }: Pick<Refusal, 'reason' | 'code'>): string {
  return [code, reason?.words].filter(Boolean).join(': ');
}

/** The fields of a refusal in the log. */
export function refusalFields({ reason, code, requestId, correlationId }: Refusal): Record<string, string> {
  const fields = { refusal: reason?.name, refusalCode: code, requestId, correlationId };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Whether the service said why it refused, so that the error is not about a missing permission. */
export function isExplained({ logFields }: ReceiverError): boolean {
  return logFields['refusal'] !== undefined;
}

function fieldOf(text: string, name: string): string | undefined {
  return new RegExp(`"${name}"\\s*:\\s*"([^"\\\\]*)`).exec(text)?.[1];
}

function parseSafeId(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value) ? value : undefined;
}
