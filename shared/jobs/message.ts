import { parseResource, type NamedPlace } from '../jobPlace';
import { isIsoTime, isRecord, parseId, parseJobId, parseOneOf, parseText, pickTexts } from '../parse';
import { parseTraceparent } from '../telemetry/traceparent';
import type { WatchKey } from '../watches/watches';

/** Names one thing that happened to one job: the unit of the ledger. */
export type JobReference = JobStartedReference | JobFetchableReference | JobEndedReference;

export interface JobStartedReference {
  kind: 'jobStarted';
  tenantId: string;
  definitionId: string;
  taskId: string;
  /** Where the job is, as the notification says. A hint: checked against Graph before use. */
  printerId?: string;
  /** In place of a printer, where the notification names a share. */
  shareId?: string;
  jobId?: string;
}

export interface JobFetchableReference {
  kind: 'jobFetchable';
  tenantId: string;
  printerId: string;
  /** Unique within its printer only, in the case Graph gave it. */
  jobId: string;
}

/** The end of a job that had a JobFetchable event. Graph sends no notification of it: the sweep finds it. */
export interface JobEndedReference {
  kind: 'jobEnded';
  tenantId: string;
  printerId: string;
  jobId: string;
}

/**
 * A ready job whose notification names a share. It has no key in the ledger until Graph shows the printer of the share,
 * because the same job can also be named through the printer.
 */
export interface SharedJob {
  kind: 'sharedJob';
  tenantId: string;
  shareId: string;
  jobId: string;
  /** The tag of the clientState (shared/watches/clientState.ts). It must be the one of the printer. */
  tag: string;
}

/** RowKey in the table PrintJobs; the partition is the tenant. */
export function ledgerRowKey(reference: JobReference): string {
  if (reference.kind === 'jobStarted') return `jobStarted_${reference.definitionId}_${reference.taskId}`;
  const { kind, printerId, jobId } = reference;
  return `jobFetchable_${printerId}_${jobId}${kind === 'jobEnded' ? END_OF_FETCHABLE : ''}`;
}

/** Ends the key of the end of a fetchable job. No id has a "~" (`parseId`), so it is never the key of another job. */
export const END_OF_FETCHABLE = '~end';

/** Ids of printers and definitions have no "_" at Graph: they are GUIDs. */
const KEY_OF_STARTED = /^jobStarted_([^_]+)_(.+)$/;
const KEY_OF_FETCHABLE = /^jobFetchable_([^_]+)_([^~]+)(~end)?$/;

/**
 * The job event of a RowKey in the table PrintJobs. Undefined for a key of another form.
 *
 * @param place where the job of a task is, as its row says
 */
export function parseLedgerKey(
  { tenantId, rowKey }: { tenantId: string; rowKey: string },
  place: { printerId?: string | undefined; shareId?: string | undefined; jobId?: string | undefined },
): JobReference | undefined {
  const [, definitionId, taskId] = KEY_OF_STARTED.exec(rowKey) ?? [];
  if (taskId !== undefined) return parseReference(tenantId, { ...place, kind: 'jobStarted', definitionId, taskId });
  const [, printerId, jobId, end] = KEY_OF_FETCHABLE.exec(rowKey) ?? [];
  return parseReference(tenantId, { kind: end === undefined ? 'jobFetchable' : 'jobEnded', printerId, jobId });
}

/** Names the ledger row of a job event. */
export function ledgerKey(reference: JobReference): { tenantId: string; rowKey: string } {
  return { tenantId: reference.tenantId, rowKey: ledgerRowKey(reference) };
}

/** The ids of a job event in the log. */
export function idsOf(reference: JobReference): { tenantId: string; key: string } {
  return { tenantId: reference.tenantId, key: ledgerRowKey(reference) };
}

/** The ids of a message in the log. A job that is named through a share has no key yet. */
export function idsOfMessage(message: MessageOfJob | MessageOfSharedJob) {
  if (message.reference) return idsOf(message.reference);
  const { tenantId, shareId, jobId } = message.shared;
  return { tenantId, shareId, jobId };
}

/** The ids in the log of a message as it arrived, also of one that is malformed: each that it names. */
export function idsOfInput(input: unknown): Record<string, string> {
  const parsed = parseJobMessage(input);
  if ('malformed' in parsed) {
    const event = isRecord(input) && isRecord(input['event']) ? input['event'] : {};
    const [tenantId, jobId] = [parseId(event['tenantId']), parseJobId(event['jobId'])];
    return { ...(tenantId === undefined ? {} : { tenantId }), ...(jobId === undefined ? {} : { jobId }) };
  }
  const { message } = parsed;
  if ('shape' in message) return { tenantId: message.tenantId, shape: message.shape };
  const { jobId } = message.reference ?? message.shared;
  return { ...idsOfMessage(message), ...(jobId === undefined ? {} : { jobId }) };
}

/**
 * The message of a job that has been admitted. It has no generation: a clientState that is revoked later must not stop work
 * that was genuine when it was accepted.
 */
export function afterAdmission({ generation: _judged, ...message }: MessageOfJob): MessageOfJob {
  return message;
}

/** The watch that this job event belongs to. */
export function watchOf(reference: JobReference): WatchKey {
  const { tenantId, kind } = reference;
  if (kind === 'jobStarted') return { tenantId, kind, id: reference.definitionId };
  return { tenantId, kind: 'jobFetchable', id: reference.printerId };
}

/**
 * The job event in the `resource` of a notification, such as `print/taskDefinitions/{id}/tasks/{id}` or
 * `print/printers/{id}/jobs/{id}`; undefined for any other text.
 */
export function parseJobResource(
  tenantId: string,
  resource: unknown,
): JobReference | Omit<SharedJob, 'tag'> | undefined {
  const named = parseResource(resource);
  if (!named) return undefined;
  if ('taskId' in named) return { kind: 'jobStarted', tenantId, ...named };
  return 'shareId' in named ? { kind: 'sharedJob', tenantId, ...named } : { kind: 'jobFetchable', tenantId, ...named };
}

/** How the job became known. */
export type FoundBy = (typeof FOUND_BY)[number];
export const FOUND_BY = ['graph', 'sweep', 'replay', 'operator'] as const;

interface MessageBase {
  /** Of the subscription that the notification belongs to. One below the watch's own has been replaced. */
  generation?: number;
  subscriptionId?: string;
  /** When Graph's subscription ends, as the notification said; ISO 8601. */
  expires?: string;
  foundBy: FoundBy;
  /** ISO 8601. */
  receivedAt: string;
  traceparent: string;
  /** How often the message has been deferred. */
  deferrals: number;
  /** When the tables became unavailable to this message; ISO 8601. Removed once they have answered. */
  tablesOutSince?: string;
  /** Of the sweep: Graph lists the task as open although its row is done. */
  stillOpen?: true;
}

/** A message of the queue print-notifications. */
export type JobMessage =
  | (MessageBase & { reference: JobReference })
  | (MessageBase & { reference?: undefined; shared: SharedJob })
  /** An authentic notification with an unknown resource. It is kept with its masked shape for a person to look at. */
  | (MessageBase & { reference?: undefined; shared?: undefined; tenantId: string; shape: string });

/** A message that names its job. */
export type MessageOfJob = Extract<JobMessage, { reference: JobReference }>;

/** A message that names its job through a share. */
export type MessageOfSharedJob = Extract<JobMessage, { shared: SharedJob }>;

/** The version this build writes; readers accept the previous one too, so that a deployment loses nothing in flight. */
const JOB_MESSAGE_VERSION = 1;

/** The JSON text of a message. Nested in `event`: top-level names such as `id` would hide the trigger's metadata. */
export function formatJobMessage(message: JobMessage): string {
  const { reference, shared, ...rest } = { shared: undefined, ...message };
  const named = reference ?? shared ?? { kind: 'unknown' as const };
  return JSON.stringify({ event: { v: JOB_MESSAGE_VERSION, ...named, ...rest } });
}

/** The message in `value` (parsed JSON), or why it is not a job message. Never throws. */
export function parseJobMessage(value: unknown): { message: JobMessage } | { malformed: string } {
  const event = isRecord(value) ? value['event'] : undefined;
  if (!isRecord(event)) return { malformed: 'no event object' };
  if (event['v'] !== JOB_MESSAGE_VERSION && event['v'] !== JOB_MESSAGE_VERSION - 1)
    return { malformed: 'unknown version' };
  const tenantId = parseId(event['tenantId']);
  if (tenantId === undefined) return { malformed: 'no tenantId' };
  const base = parseBase(event);
  if (event['kind'] === 'unknown') {
    return { message: { ...base, tenantId, shape: parseText(event['shape']) } };
  }
  if (event['kind'] === 'sharedJob') {
    const shared = parseSharedJob(tenantId, event);
    return shared ? { message: { ...base, shared } } : { malformed: 'ids missing or of another form' };
  }
  const reference = parseReference(tenantId, event);
  if (!reference) return { malformed: 'ids missing or of another form' };
  return { message: { ...base, reference } };
}

/** The job event that `event` names: a message, or a row of the index of the ledger. */
export function parseReference(tenantId: string, event: Readonly<Record<string, unknown>>): JobReference | undefined {
  const { kind } = event;
  if (kind === 'jobFetchable' || kind === 'jobEnded') {
    const place = parsePlace(event);
    return place && 'printerId' in place ? { kind, tenantId, ...place } : undefined;
  }
  const definitionId = parseId(event['definitionId']);
  const taskId = parseId(event['taskId']);
  if (kind !== 'jobStarted' || !definitionId || !taskId) return undefined;
  return { kind: 'jobStarted', tenantId, definitionId, taskId, ...parsePlace(event) };
}

/** Where a job is, as `event` names it: a message, or a cell of the ledger. */
export function parsePlace(event: Readonly<Record<string, unknown>>): NamedPlace | undefined {
  const [printerId, shareId] = [parseId(event['printerId']), parseId(event['shareId'])];
  const jobId = parseJobId(event['jobId']);
  if (jobId === undefined) return undefined;
  if (printerId !== undefined) return { printerId, jobId };
  return shareId === undefined ? undefined : { shareId, jobId };
}

function parseSharedJob(tenantId: string, event: Readonly<Record<string, unknown>>): SharedJob | undefined {
  const place = parsePlace(event);
  const tag = parseText(event['tag']);
  return place && 'shareId' in place && tag !== '' ? { kind: 'sharedJob', tenantId, ...place, tag } : undefined;
}

function parseBase(event: Record<string, unknown>): MessageBase {
  const { generation, receivedAt, traceparent, deferrals, tablesOutSince } = event;
  return {
    foundBy: parseOneOf(event['foundBy'], FOUND_BY) ?? 'graph',
    receivedAt: parseText(receivedAt),
    traceparent: parseText(traceparent),
    deferrals: typeof deferrals === 'number' && deferrals > 0 ? Math.floor(deferrals) : 0,
    ...(typeof generation === 'number' ? { generation } : {}),
    ...pickTexts(event, ['subscriptionId', 'expires']),
    ...(isIsoTime(tablesOutSince) ? { tablesOutSince } : {}),
    ...(event['stillOpen'] === true ? { stillOpen: true } : {}),
  };
}

export type RandomBytes = (size: number) => Buffer;

const SPAN_BYTES = 8;
/** Random bytes are taken in blocks: one call for each item of a large batch would cost more than verifying the item. */
const SPANS_PER_BLOCK = 64;

export interface Trace {
  /** 32 hex digits: one trace per POST. */
  readonly traceId: string;
  /** The traceparent of one item. */
  readonly nextTraceparent: () => string;
}

/**
 * The trace of what is sent (W3C Trace Context, version 00). Graph sends none of its own.
 *
 * @param traceparent of the span that sends. All items are sent by it. Without a valid one the trace is new, and each item
 *   has a span of its own, sampled
 */
export function createTrace(randomBytes: RandomBytes, traceparent?: string): Trace {
  const sender = parseTraceparent(traceparent);
  if (traceparent !== undefined && sender) return { traceId: sender.traceId, nextTraceparent: () => traceparent };
  const traceId = randomBytes(16).toString('hex');
  let block: Buffer = Buffer.alloc(0);
  let used = 0;
  return {
    traceId,
    nextTraceparent: () => {
      if (used === block.length) {
        block = randomBytes(SPAN_BYTES * SPANS_PER_BLOCK);
        used = 0;
      }
      const span = block.toString('hex', used, used + SPAN_BYTES);
      used += SPAN_BYTES;
      return `00-${traceId}-${span}-01`;
    },
  };
}
