import { isRecord, parseId, parseJobId } from '../parse';
import type { JobReference } from './reference';

/** How we came to know of a job. */
export type FoundBy = 'graph' | 'sweep' | 'replay' | 'operator';

interface MessageBase {
  /** Raised when a notification proves to be of a subscription that has been replaced. */
  generation?: number;
  subscriptionId?: string;
  /** When Graph's subscription ends, as the notification said; ISO 8601. */
  expires?: string;
  foundBy: FoundBy;
  /** ISO 8601. */
  receivedAt: string;
  traceparent: string;
  /** How often the message has been put back to wait. */
  deferrals: number;
  /** Since when every try has found the tables out of order; ISO 8601. Absent once they have answered. */
  tablesOutSince?: string;
}

/** A message of the queue print-notifications. */
export type JobMessage =
  | (MessageBase & { reference: JobReference })
  /** An authentic notification whose resource we do not understand: kept, with its masked shape, for a person. */
  | (MessageBase & { reference?: undefined; tenantId: string; shape: string });

/** The version this build writes; readers accept the previous one too, so that a deployment loses nothing in flight. */
const JOB_MESSAGE_VERSION = 1;

/** The JSON text of a message. Nested in `event`: top-level names such as `id` would hide the trigger's metadata. */
export function formatJobMessage(message: JobMessage): string {
  const { reference, ...rest } = message;
  const named = reference ? reference : { kind: 'unknown' as const };
  return JSON.stringify({ event: { v: JOB_MESSAGE_VERSION, ...named, ...rest } });
}

/** The message in `value` (parsed JSON), or a word on why it is none. Never throws. */
export function parseJobMessage(value: unknown): { message: JobMessage } | { malformed: string } {
  const event = isRecord(value) ? value['event'] : undefined;
  if (!isRecord(event)) return { malformed: 'no event object' };
  if (event['v'] !== JOB_MESSAGE_VERSION && event['v'] !== JOB_MESSAGE_VERSION - 1)
    return { malformed: 'unknown version' };
  const tenantId = parseId(event['tenantId']);
  if (tenantId === undefined) return { malformed: 'no tenantId' };
  const base = parseBase(event);
  if (event['kind'] === 'unknown') {
    const shape = typeof event['shape'] === 'string' ? event['shape'] : '';
    return { message: { ...base, tenantId, shape } };
  }
  const reference = parseReference(tenantId, event);
  if (!reference) return { malformed: 'ids missing or of another form' };
  return { message: { ...base, reference } };
}

function parseReference(tenantId: string, event: Record<string, unknown>): JobReference | undefined {
  const printerId = parseId(event['printerId']);
  const jobId = parseJobId(event['jobId']);
  if (event['kind'] === 'jobFetchable') {
    return printerId && jobId ? { kind: 'jobFetchable', tenantId, printerId, jobId } : undefined;
  }
  const definitionId = parseId(event['definitionId']);
  const taskId = parseId(event['taskId']);
  if (event['kind'] !== 'jobStarted' || !definitionId || !taskId) return undefined;
  return {
    kind: 'jobStarted',
    tenantId,
    definitionId,
    taskId,
    ...(printerId && jobId ? { printerId, jobId } : {}),
  };
}

const FOUND_BY: readonly FoundBy[] = ['graph', 'sweep', 'replay', 'operator'];

function parseBase(event: Record<string, unknown>): MessageBase {
  const { generation, subscriptionId, expires, receivedAt, traceparent, deferrals, tablesOutSince } = event;
  return {
    foundBy: FOUND_BY.find((word) => word === event['foundBy']) ?? 'graph',
    receivedAt: typeof receivedAt === 'string' ? receivedAt : '',
    traceparent: typeof traceparent === 'string' ? traceparent : '',
    deferrals: typeof deferrals === 'number' && deferrals > 0 ? Math.floor(deferrals) : 0,
    ...(typeof generation === 'number' ? { generation } : {}),
    ...(typeof subscriptionId === 'string' ? { subscriptionId } : {}),
    ...(typeof expires === 'string' ? { expires } : {}),
    ...(isIsoTime(tablesOutSince) ? { tablesOutSince } : {}),
  };
}

/** Only the form that we write: `Date.parse` takes a bare number for a year. */
function isIsoTime(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const ms = Date.parse(value);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
}
