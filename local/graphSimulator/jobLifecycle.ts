import { randomUUID } from 'node:crypto';
import { notifyJobFetchable, notifyJobStarted } from './notifications';
import { isEnded, isOpen, type Job, type PrintDocument, type Printer, type Task, type TaskState, type Tenant } from './world';
import type { Simulation } from './simulation';

/** What a user prints. Times in milliseconds. */
export interface PrintRequest {
  documents: { displayName: string; contentType: string; size: number }[];
  visibleAfterMs: number;
  transformMs: number;
  fetchableAfterMs: number;
  held: boolean;
  configuration?: Record<string, unknown>;
  redirectedFrom?: string;
  ignoreTrigger?: boolean;
}

/**
 * Prints a job. On a printer with a trigger the job is paused and a task starts in `processing`
 * (concepts/universal-print-concept-overview.md); elsewhere it goes straight to being prepared for download.
 */
export function printJob(
  simulation: Simulation,
  tenant: Tenant,
  printer: Printer,
  request: PrintRequest,
): Job {
  const now = simulation.now();
  const job: Job = {
    id: String(printer.nextJobNumber++),
    tenantId: tenant.id,
    printerId: printer.id,
    createdAt: now,
    visibleAt: now + request.visibleAfterMs,
    transformMs: request.transformMs,
    fetchableAfterMs: request.fetchableAfterMs,
    held: request.held,
    state: 'paused',
    details: ['releaseWait'],
    isFetchable: false,
    isAcquiredByPrinter: false,
    configuration: request.configuration ?? { copies: 1, colorMode: 'color', duplexMode: 'oneSided' },
    documents: request.documents.map((document): PrintDocument => {
      return { ...document, id: randomUUID(), uploadedAt: now };
    }),
    tasks: [],
    ...(request.redirectedFrom === undefined ? {} : { redirectedFrom: request.redirectedFrom }),
  };
  printer.jobs.set(job.id, job);
  const trigger = request.ignoreTrigger === true ? undefined : printer.trigger;
  const definition = trigger && tenant.definitions.get(trigger.definitionId);
  if (trigger && definition) {
    const task: Task = {
      id: randomUUID(),
      tenantId: tenant.id,
      definitionId: definition.id,
      triggerId: trigger.id,
      printerId: printer.id,
      jobId: job.id,
      state: 'processing',
      description: 'The print task is being processed.',
      createdAt: now,
    };
    job.tasks.push(task);
    definition.tasks.set(task.id, task);
    notifyJobStarted(simulation, task);
  } else proceed(simulation, job);
  return job;
}

/** Lets a job go on when no task is open and nobody holds it. */
export function proceed(simulation: Simulation, job: Job): void {
  if (job.state !== 'paused' || job.held || job.tasks.some(isOpen)) return;
  job.state = 'pending';
  job.details = ['transforming'];
  job.fetchableAt = simulation.now() + job.transformMs;
  simulation.world.transforming.add(job);
  settleJobs(simulation);
}

/** Makes every job fetchable whose time has come by `Date`, and tells the subscribers. */
export function settleJobs(simulation: Simulation): void {
  const now = simulation.now();
  for (const job of simulation.world.transforming) {
    if ((job.fetchableAt ?? 0) > now) continue;
    simulation.world.transforming.delete(job);
    if (job.state !== 'pending') continue;
    job.details = [];
    job.isFetchable = true;
    notifyJobFetchable(simulation, job);
  }
}

/** Ends a task in the given state; completed releases the job once all of its tasks have ended (resources/printtask.md). */
export function endTask(simulation: Simulation, job: Job | undefined, task: Task, state: TaskState): void {
  task.state = state;
  task.endedAt = simulation.now();
  if (!job) return;
  if (state === 'aborted' && simulation.variants.abortedTask === 'kills') endJob(simulation, job, 'aborted');
  else proceed(simulation, job);
}

/** Ends a job; its open tasks end with it. */
export function endJob(simulation: Simulation, job: Job, state: 'completed' | 'canceled' | 'aborted'): void {
  if (isEnded(job)) return;
  job.state = state;
  job.details = state === 'completed' ? ['completedSuccessfully'] : [];
  job.isFetchable = state === 'completed' && simulation.variants.fetchableAfterAcquire;
  simulation.world.transforming.delete(job);
  for (const task of job.tasks) {
    if (!isOpen(task)) continue;
    task.state = 'aborted';
    task.endedAt = simulation.now();
  }
}

/** A printer fetches the job; from now on it prints. */
export function acquireJob(simulation: Simulation, job: Job): void {
  job.state = 'processing';
  job.details = [];
  job.isAcquiredByPrinter = true;
  job.isFetchable = simulation.variants.fetchableAfterAcquire;
  job.acknowledgedAt = simulation.now();
}

/** Deletes the jobs that an unfinished task has blocked for longer than the variant allows (resources/printtask.md). */
export function deleteBlockedJobs(simulation: Simulation): void {
  const limitMs = simulation.variants.blockedJobMinutes * 60_000;
  if (limitMs === 0) return;
  for (const tenant of simulation.world.tenants.values())
    for (const printer of tenant.printers.values())
      for (const job of printer.jobs.values()) {
        if (job.state !== 'paused' || job.held || simulation.now() - job.createdAt < limitMs) continue;
        printer.jobs.delete(job.id);
        for (const task of job.tasks) tenant.definitions.get(task.definitionId)?.tasks.delete(task.id);
      }
}
