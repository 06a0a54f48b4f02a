import { ERRORS, ReceiverError, type ErrorCode, type ReceiverErrorOptions } from '../errors';
import { parseText } from '../parse';
import { parseHttpDate, parseRetryAfter } from '../backoff';
import type { HttpAnswer } from './http';
import {
  describeReason,
  describeRefusal,
  readGraphMessage,
  readGraphRefusal,
  refusalFields,
  type Refusal,
} from './refusals';

export interface GraphErrorOptions extends ReceiverErrorOptions {
  /** HTTP status, or undefined when no answer arrived. */
  status?: number | undefined;
  /** Milliseconds from now until the call may be sent again: the Retry-After, and at most `LONGEST_SILENCE_MS`. */
  retryAfterMs?: number | undefined;
  /** See `GraphError`. */
  said?: string | undefined;
  /** See `GraphError`. */
  isExtensionError?: boolean;
}

/** A call to Graph, or to Entra for its token, that did not end in a 2xx, or an answer that could not be read. */
export class GraphError extends ReceiverError {
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  /** The message of Graph's answer, for a person at a terminal. Never for a log or a table: it may quote a document name. */
  readonly said: string | undefined;
  /** A service behind Graph refused the call, and not Graph itself: the same status may mean that it has lost the resource. */
  readonly isExtensionError: boolean;
  /** An earlier try of the same call failed, but may have taken effect. */
  wasRepeated = false;
  /** Graph answered a try of the same call, with any status: this is no outage of Graph. */
  wasAnswered = false;

  constructor(code: ErrorCode, problem: string, options: GraphErrorOptions = {}) {
    super(code, problem, options);
    this.name = 'GraphError';
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.said = options.said;
    this.isExtensionError = options.isExtensionError ?? false;
  }
}

/**
 * However long a Retry-After is, after 15 minutes one call looks whether it still holds. A Retry-After of hours would
 * otherwise stop every job of a customer on the word of one answer.
 */
export const LONGEST_SILENCE_MS = 15 * 60_000;

/** True when a throttled tenant kept the call from being sent: such an error says nothing about the call itself. */
export function wasNotSent(error: unknown): error is GraphError {
  return error instanceof GraphError && error.code === 'graphThrottled' && error.status === undefined;
}

/**
 * The error of a 2xx whose body does not have the documented form.
 *
 * @param what e.g. `a printJob without an id`
 * @param path of the call, without its query
 */
export function unreadableAnswer(what: string, path: string): GraphError {
  return new GraphError('graphAnswerUnreadable', `Graph returned ${what} for ${path.split('?')[0] ?? ''}`);
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'graphUnauthorized',
  403: 'graphForbidden',
  404: 'graphNotFound',
  410: 'graphNotFound',
  409: 'graphConflict',
  429: 'graphThrottled',
  // concepts/errors.md names 503 and 509 as temporary. The others are treated alike.
  408: 'graphUnavailable',
  500: 'graphUnavailable',
  502: 'graphUnavailable',
  503: 'graphUnavailable',
  504: 'graphUnavailable',
  509: 'graphUnavailable',
};

/** A call in a message. The query is left out: it may name a person. */
export function nameOf({ method, path }: { method: string; path: string }): string {
  return `${method} ${path.split('?')[0] ?? ''}`;
}

/**
 * The typed error of an answer outside 2xx. Its message holds method, path, status, Graph's own code, the reason in our words
 * and, unless the call is sent again anyway, the ids to report. Never text of the answer.
 *
 * @param now for an answer without a date; milliseconds since 1970
 */
export function toGraphError(
  call: { method: string; path: string; permission: string },
  answer: HttpAnswer,
  now: number,
): GraphError {
  const { status, headers, body } = answer;
  const refusal = readGraphRefusal(body, headers);
  const code = CODES[innerStatus(refusal, body) ?? status] ?? 'graphRejected';
  const askedMs = parseRetryAfter(headers['retry-after'], answerTime(answer) ?? now);
  const retryAfterMs = askedMs === undefined ? undefined : Math.min(askedMs, LONGEST_SILENCE_MS);
  const facts = [
    ERRORS[code].retryable ? describeReason(refusal) : describeRefusal(refusal),
    askedMs === undefined ? '' : `Retry-After ${Math.ceil(askedMs / 1000)} s`,
  ];
  const known = facts.filter(Boolean).join(', ');
  const answered = known === '' ? String(status) : `${status} (${known})`;
  const remedy = refusal.reason?.remedy ?? remedyOf(code, call.permission);
  const options = {
    status,
    retryAfterMs,
    said: readGraphMessage(body),
    logFields: refusalFields(refusal),
    isExtensionError: refusal.code === EXTENSION_ERROR,
    ...(remedy === undefined ? {} : { remedy }),
  };
  return new GraphError(code, `Graph returned ${answered} for ${nameOf(call)}`, options);
}

function remedyOf(code: ErrorCode, permission: string): string | undefined {
  if (code === 'graphUnauthorized') {
    return `Check the credential of the app and that an administrator of the customer consented to the application permission ${permission}.`;
  }
  if (code === 'graphForbidden') {
    return `Grant the app the application permission ${permission} and have an administrator of the customer consent again.`;
  }
  return undefined;
}

const EXTENSION_ERROR = 'ExtensionError';

/**
 * The status that a service behind Graph answered: an ExtensionError of any status says it in its text alone, by name or
 * number, such as `Status Code: NotFound`. A subscription that Graph has lost and a conflict on create are seen in this form.
 * The first one that says more than that the call was refused counts.
 */
function innerStatus({ code }: Refusal, body: string): number | undefined {
  if (code !== EXTENSION_ERROR) return undefined;
  for (const [, status = ''] of body.slice(0, 4096).matchAll(INNER_STATUS)) {
    const known = INNER_STATUSES.get(status.toLowerCase());
    if (known !== undefined) return known;
  }
  return undefined;
}

/** A label, a separator or a space, and a word or number. What is JSON inside a text has quotes and backslashes. */
const INNER_STATUS =
  /\b(?:inner(?:\s*status)?(?:\s*code)?|status(?:\s*code)?)(?:["'\\]*\s*[:=][\s["'\\]*|\s+)([a-z]+|\d{3}\b)/gi;

/** By the names that HTTP libraries give them, and by number. 400, 401 and 403 say no more than the answer itself. */
const INNER_STATUSES: ReadonlyMap<string, number> = new Map(
  [
    { status: 404, name: 'notfound' },
    { status: 408, name: 'requesttimeout' },
    { status: 409, name: 'conflict' },
    { status: 410, name: 'gone' },
    { status: 429, name: 'toomanyrequests' },
    { status: 500, name: 'internalservererror' },
    { status: 502, name: 'badgateway' },
    { status: 503, name: 'serviceunavailable' },
    { status: 504, name: 'gatewaytimeout' },
    { status: 509, name: 'bandwidthlimitexceeded' },
  ].flatMap(({ status, name }): [string, number][] => [
    [name, status],
    [String(status), status],
  ]),
);

/** When an answer was written, by the clock of its sender (header Date); milliseconds since 1970. */
export function answerTime({ headers }: Pick<HttpAnswer, 'headers'>): number | undefined {
  return parseHttpDate(parseText(headers['date']));
}
