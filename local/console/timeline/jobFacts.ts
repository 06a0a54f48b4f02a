import type { AppLogLine } from '../../appLog';
import type { CallRecord } from '../../graphSimulator/control/controlTypes';
import type { DeliveryAttempt } from '../../graphSimulator/delivery/options';
import type { Scenario } from '../consoleApi';

/** A job as it was printed. */
export interface PrintedJob {
  readonly tenantId: string;
  readonly customer: string;
  readonly printerId: string;
  readonly printer: string;
  readonly jobId: string;
  readonly taskId?: string;
  readonly definitionId?: string;
  readonly document: string;
  readonly user: string;
  /** Epoch milliseconds, as all times here. */
  readonly printedAt: number;
  readonly scenario: Scenario | 'none';
}

/** An event that was sent to the queue print-job-events. Its body is a CloudEvent. */
export interface QueuedEvent {
  /** Of the message in the queue. Absent when the ledger alone shows the event. */
  readonly messageId?: string;
  readonly sentAt: number;
  readonly id: string;
  readonly type: string;
  readonly body: unknown;
}

/** Everything that is known of one job, each list in the order in which it became known. */
export interface JobFacts {
  readonly job: PrintedJob;
  readonly deliveries: readonly DeliveryAttempt[];
  readonly calls: readonly CallRecord[];
  readonly log: readonly AppLogLine[];
  readonly events: readonly QueuedEvent[];
}

/** Unique among all customers and printers. */
export function storyId(job: { tenantId: string; printerId: string; jobId: string }): string {
  return `${job.tenantId}/${job.printerId}/${job.jobId}`;
}

/** The keys by which the app may name the job: of its task, and of its document (docs/http-api.md). */
export function keysOf({ printerId, jobId, taskId, definitionId }: PrintedJob): string[] {
  const ofTask = taskId === undefined ? [] : [`jobStarted_${definitionId ?? ''}_${taskId}`];
  const ofDocument = `jobFetchable_${printerId}_${jobId}`;
  return [...ofTask, ofDocument, `${ofDocument}~end`];
}

/** The value of a member, whatever the value around it is. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined;
}
