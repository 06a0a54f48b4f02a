import type { CallRecord } from '../graphSimulator/controlTypes';
import type { DeliveryAttempt } from '../graphSimulator/deliveryTypes';

/** One printed job that the demo follows. */
export interface FollowedJob {
  title: string;
  tenantId: string;
  printerId: string;
  jobId: string;
  taskId?: string;
  /** The end of its key in the ledger: how the app's log names it. */
  key: string;
  printedAt: number;
}

export interface TimelineEntry {
  /** Milliseconds since 1970. */
  at: number;
  text: string;
}

/** A line of the app's log, as far as the demo reads it. */
export interface AppLogLine {
  at: number;
  event: string;
  fields: Readonly<Record<string, unknown>>;
}

/** What is put together: Graph's side from the simulator, the app's side from the host's log. */
export interface Sources {
  deliveries: readonly DeliveryAttempt[];
  calls: readonly CallRecord[];
  log: readonly AppLogLine[];
}

/** Everything that happened to one job, in the order in which it happened. */
export function collectTimeline(job: FollowedJob, sources: Sources): TimelineEntry[] {
  const entries: TimelineEntry[] = [{ at: job.printedAt, text: 'a user prints' }];
  let posts = 0;
  for (const delivery of [...sources.deliveries].sort((a, b) => a.at - b.at)) {
    const mine = delivery.items.some(
      (item) => item.tenantId === job.tenantId && (item.jobId === job.jobId || item.taskId === job.taskId),
    );
    if (!mine) continue;
    posts += 1;
    const what = posts === 1 ? 'the notification' : 'the same notification again';
    const answer = `${String(delivery.status ?? 'no answer')} after ${Math.round(delivery.answerMs)} ms`;
    entries.push({ at: delivery.at, text: `Graph posts ${what}: ${answer}` });
  }
  for (const call of sources.calls) {
    const mine = call.tenantId === job.tenantId && call.path.includes(job.taskId ?? `/jobs/${job.jobId}`);
    const reads = call.tenantId === job.tenantId && call.path.includes(`/jobs/${job.jobId}`);
    if (mine || reads)
      entries.push({ at: call.startedAt, text: `the app asks Graph: ${describe(call)}: ${call.status}` });
  }
  for (const line of sources.log) {
    const text = line.fields['key'] === job.key ? describeLog(line) : undefined;
    if (text !== undefined) entries.push({ at: line.at, text });
  }
  return entries.sort((a, b) => a.at - b.at);
}

function describe(call: CallRecord): string {
  if (call.method === 'PATCH') return 'PATCH the task to completed, so that the job goes on';
  return `GET the job with its ${call.path.includes('expand=tasks') ? 'tasks' : 'documents'}`;
}

function describeLog({ event, fields }: AppLogLine): string | undefined {
  switch (event) {
    case 'job.processed':
      return `the event is sent and recorded, outcome ${String(fields['jobOutcome'])}`;
    case 'job.duplicate':
      return 'the ledger recognizes the duplicate: nothing to do';
    case 'job.deferred':
      return `another run is working on the job (${String(fields['cause'])}): the duplicate is deferred for ${String(fields['delaySeconds'])} s`;
    default:
      return undefined;
  }
}
