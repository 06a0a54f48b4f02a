import { keyedSegment } from '../graph/api/printTasks';
import { parseId, parseJobId } from '../parse';
import type { WatchKey } from '../watches/watches';

/** Names one thing that happened to one job: the unit of the ledger. */
export type JobReference = JobStartedReference | JobFetchableReference;

export interface JobStartedReference {
  kind: 'jobStarted';
  tenantId: string;
  definitionId: string;
  taskId: string;
  /** Where the job is, when the notification or an earlier reading said so. A hint: checked against Graph before use. */
  printerId?: string;
  jobId?: string;
}

export interface JobFetchableReference {
  kind: 'jobFetchable';
  tenantId: string;
  printerId: string;
  /** Unique within its printer only, in the case Graph gave it. */
  jobId: string;
}

/** RowKey in the table PrintJobs; the partition is the tenant. */
export function ledgerRowKey(reference: JobReference): string {
  return reference.kind === 'jobStarted'
    ? `jobStarted_${reference.definitionId}_${reference.taskId}`
    : `jobFetchable_${reference.printerId}_${reference.jobId}`;
}

/** Names the ledger row of a job event. */
export function ledgerKey(reference: JobReference): { tenantId: string; rowKey: string } {
  return { tenantId: reference.tenantId, rowKey: ledgerRowKey(reference) };
}

/** The watch that this job event belongs to. */
export function watchOf(reference: JobReference): WatchKey {
  const { tenantId, kind } = reference;
  return { tenantId, kind, id: kind === 'jobStarted' ? reference.definitionId : reference.printerId };
}

/** In any case, with or without a leading slash. */
const TASK = new RegExp(`^/?print/${keyedSegment('taskDefinitions')}/${keyedSegment('tasks')}$`, 'i');
const JOB = new RegExp(`^/?print/${keyedSegment('printers')}/${keyedSegment('jobs')}$`, 'i');

/**
 * The ids in the `resource` of a notification, such as `print/taskDefinitions/{id}/tasks/{id}` or
 * `print/printers/{id}/jobs/{id}`; undefined for any other text.
 */
export function parseJobResource(tenantId: string, resource: unknown): JobReference | undefined {
  if (typeof resource !== 'string') return undefined;
  const task = TASK.exec(resource);
  if (task) {
    const definitionId = parseId(task[1] ?? task[2]);
    const taskId = parseId(task[3] ?? task[4]);
    return definitionId && taskId ? { kind: 'jobStarted', tenantId, definitionId, taskId } : undefined;
  }
  const job = JOB.exec(resource);
  if (!job) return undefined;
  const printerId = parseId(job[1] ?? job[2]);
  const jobId = parseJobId(job[3] ?? job[4]);
  return printerId && jobId ? { kind: 'jobFetchable', tenantId, printerId, jobId } : undefined;
}
