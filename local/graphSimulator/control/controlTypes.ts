import { z } from 'zod';

// The JSON of the control API. A request has a schema, from which both its type and its check follow. Times in milliseconds.

/** An id, which is lower-cased. */
export const id = z.string().min(1).toLowerCase();
const count = z.number().int();
const ms = z.number().nonnegative();

const faultAction = z.union([
  z.object({
    type: z.literal('status'),
    status: count.min(200).max(599),
    retryAfterSeconds: ms.optional(),
    /** With it Retry-After lies anywhere between retryAfterSeconds and this, by the seed. */
    retryAfterMaxSeconds: ms.optional(),
    code: z.string().optional(),
  }),
  z.object({ type: z.literal('reset') }),
  z.object({ type: z.literal('hang'), ms }),
  z.object({ type: z.literal('delay'), ms }),
  /** Of a download: the connection is cut after so many bytes. */
  z.object({ type: z.literal('break'), bytes: ms }),
  /** Of a download. */
  z.object({ type: z.literal('crawl'), bytesPerSecond: z.number().positive() }),
]);

/** `download`: the pre-authenticated addresses of documents. */
export const targets = ['graph', 'token', 'download'] as const;

/** Which calls fail and how. The first matching rule that still has a count acts. */
export const faultRule = z.object({
  id: z.string().optional(),
  target: z.enum(targets).optional().default('graph'),
  method: z.string().toUpperCase().optional(),
  /** Regular expression, tried on path and query with the version. */
  pathPattern: z.string().optional(),
  tenantId: id.optional(),
  /** Matching calls that pass first. */
  after: ms.optional().default(0),
  /** How often the rule acts; -1 for always. */
  count: count.min(-1).optional().default(1),
  /** Share of matching calls on which it acts. */
  rate: ms.optional().default(1),
  action: faultAction,
});
export type FaultRule = z.output<typeof faultRule>;

/** A rule with what it has done so far. */
export type FaultState = FaultRule & { id: string; matched: number; acted: number };

/** One recorded call. `at` follows `Date`. `startedAt` and `answeredAt` follow `throttlingClock`. */
export interface CallRecord {
  n: number;
  target: (typeof targets)[number];
  at: number;
  method: string;
  path: string;
  route: string;
  tenantId?: string;
  appId?: string;
  /** 0 when no answer was sent. */
  status: number;
  retryAfterMs?: number;
  startedAt: number;
  /** The earliest time at which it may have been sent: a busy simulator meets a request long after that. */
  sentBy: number;
  answeredAt?: number;
  /** Tells bodies of POST calls apart. */
  bodyDigest?: string;
  /** `n` of the $batch call it was part of. */
  batch?: number;
  /** The fault rule that acted on it, or `outage`. */
  fault?: string;
}

/**
 * A call before the end of a Retry-After. `look`: the one call of a tenant that a caller may send after 15 minutes of a longer
 * Retry-After, reported apart.
 */
export interface Violation {
  kind: 'repeatedTooEarly' | 'startedWhileThrottled' | 'look';
  call: CallRecord;
  throttledBy: CallRecord;
}

const document = z.object({
  displayName: z.string().default('document.pdf'),
  contentType: z.string().default('application/pdf'),
  /** Bytes. */
  size: ms.default(1024),
  /** The same content for the same seed. Each document has its own otherwise. */
  seed: z.string().optional(),
});

const orNull = z.string().nullable().default(null);
/** A user as in createdBy of a job (resources/useridentity.md): a property that is not given is null. */
export const jobUser = z.object({ id: orNull, displayName: orNull, userPrincipalName: orNull });

/** What to print. */
export const printOrder = z.object({
  /** A printer, or a pull print printer. */
  printerId: id.optional(),
  /** In place of a printer: users print to a share. */
  shareId: id.optional(),
  count: count.min(1).default(1),
  /** resources/printdocument.md: a job has one document today. */
  documents: z.array(document).prefault([{}]),
  /** Who prints: one user of the tenant by default. */
  user: jobUser.optional(),
  /** Settings beside the default ones, also with values that the documentation does not know yet. */
  configuration: z.record(z.string(), z.unknown()).default({}),
  /** Reads answer 404 so long after printing. */
  visibleAfterMs: ms.default(0),
  /** From released to fetchable, when the notification goes out. */
  transformMs: ms.default(0),
  /** From the notification until reads show isFetchable true. */
  fetchableAfterMs: ms.default(0),
});
export type PrintOrder = z.input<typeof printOrder>;

/** One printed job. */
export interface PrintedJob {
  jobId: string;
  printerId: string;
  taskId?: string;
  definitionId?: string;
}

/** Graph does not answer until `endOutage`. */
export const outageOrder = z.object({
  answer: z.enum(['status503', 'reset']).default('status503'),
  /** The sign-in service fails as well. */
  tokens: z.boolean().default(false),
  /** `late`: notifications go out after the end, those younger than 4 hours. */
  notifications: z.enum(['late', 'lost', 'normal']).default('late'),
  retryAfterSeconds: ms.optional(),
  /** It ends by itself after this time, which is real time. */
  lastsMs: ms.optional(),
});

/** What a person does who is asked to sign in. `otherTenant`: chooses an account that the tenant does not know. */
export const signInAnswers = ['printerAdministrator', 'user', 'decline', 'otherTenant'] as const;
export type SignInAnswer = (typeof signInAnswers)[number];
