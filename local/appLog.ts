import type { CallRecord } from './graphSimulator/control/controlTypes';
import type { DeliveryAttempt } from './graphSimulator/delivery/options';
import { parseObject } from './standIns';

/** An event in the log of the app. `at` is in epoch milliseconds. */
export interface AppLogLine {
  readonly at: number;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The app's log event in a line of the host's output. Undefined for every other line. */
export function readAppLogLine(line: string): AppLogLine | undefined {
  const outer = parseObject(line);
  if (outer?.['event'] !== 'log' || typeof outer['message'] !== 'string') return undefined;
  const { event, ...fields } = parseObject(outer['message']) ?? {};
  return typeof event === 'string' ? { at: Date.parse(String(outer['time'])), event, fields } : undefined;
}

/** The event on one line. Controls and format characters are escaped, because a terminal obeys those in a name. */
export function describeLogLine({ at, event, fields }: AppLogLine): string {
  const facts = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
  const line = `${new Date(at).toISOString()}  ${event}  ${facts.join(' ')}`;
  return line.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}

/** One printed job that the demo follows. */
export interface FollowedJob {
  readonly title: string;
  readonly tenantId: string;
  readonly printerId: string;
  readonly jobId: string;
  readonly taskId?: string;
  /** Its key in the ledger, by which the app's log names it. */
  readonly key: string;
  readonly printedAt: number;
}

/** The simulator's records of Graph, and the log of the app. */
export interface Sources {
  readonly deliveries: readonly DeliveryAttempt[];
  readonly calls: readonly CallRecord[];
  readonly log: readonly AppLogLine[];
}

/** All events of one job in the order of time. `at` is in epoch milliseconds. */
export function collectTimeline(job: FollowedJob, { deliveries, calls, log }: Sources) {
  const entries = [{ at: job.printedAt, text: 'a user prints' }];
  const posts = deliveries
    .filter(({ items }) =>
      items.some((item) => item.tenantId === job.tenantId && (item.jobId === job.jobId || item.taskId === job.taskId)),
    )
    .sort((a, b) => a.at - b.at);
  for (const [index, { at, status, answerMs }] of posts.entries()) {
    const what = index === 0 ? 'the notification' : 'the same notification again';
    const answer = `${status ?? 'no answer'} after ${Math.round(answerMs)} ms`;
    entries.push({ at, text: `Graph posts ${what}: ${answer}` });
  }
  for (const call of calls) {
    const isMine =
      call.path.includes(`/jobs/${job.jobId}`) || (job.taskId !== undefined && call.path.includes(job.taskId));
    if (call.tenantId === job.tenantId && isMine)
      entries.push({
        at: call.startedAt,
        text: `the app calls Graph: ${describeCall(call)}: ${call.status}`,
      });
  }
  for (const line of log) {
    const text = line.fields['key'] === job.key ? describeLog(line) : undefined;
    if (text !== undefined) entries.push({ at: line.at, text });
  }
  return entries.sort((a, b) => a.at - b.at);
}

function describeCall(call: CallRecord): string {
  if (call.method === 'PATCH') return 'PATCH the task to completed, which releases the job';
  return `GET the job with its ${call.path.includes('expand=tasks') ? 'tasks' : 'documents'}`;
}

function describeLog({ event, fields }: AppLogLine): string | undefined {
  switch (event) {
    case 'job.processed':
      return `the event is sent and recorded, outcome ${String(fields['jobOutcome'])}`;
    case 'job.duplicate':
      return 'the ledger recognises the duplicate: nothing to do';
    case 'job.deferred':
      return `the duplicate is deferred for ${String(fields['delaySeconds'])} s (${String(fields['cause'])}): the first one is in progress`;
    default:
      return undefined;
  }
}
