import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { printOrder } from '../control/controlTypes';
import { jobUrl, notifiedAbout, notifyJobFetchable, notifyJobStarted } from '../subscriptions/notifications';
import { findPrinter, isEnded, isOpen } from './simulation';
import type { Job, JobParent, JobUser, Printer, Simulation, Task, Tenant } from './simulation';

/** What is printed: the order of the control API, or the copy of a redirected job. */
type PrintRequest = Omit<z.output<typeof printOrder>, 'printerId' | 'shareId' | 'count' | 'user'> & {
  parent: JobParent;
  createdBy: JobUser;
  redirectedFrom?: string;
};

/** The status of a job that waits for its tasks (resources/printjobstatus.md). */
export const pausedJob: Pick<Job, 'state' | 'details'> = { state: 'paused', details: ['releaseWait'] };

/**
 * Prints a job. On a printer with a trigger the job is paused and a task starts in `processing`
 * (concepts/universal-print-concept-overview.md). On any other printer it is prepared for download at once.
 */
export function printJob(simulation: Simulation, tenant: Tenant, printer: Printer, request: PrintRequest): Job {
  const now = simulation.now();
  const { parent, createdBy, visibleAfterMs, transformMs, fetchableAfterMs, configuration, redirectedFrom } = request;
  const ids = { tenantId: tenant.id, printerId: printer.id };
  const job: Job = {
    id: String(printer.nextJobNumber++),
    n: (simulation.world.printed += 1),
    notifies: notifiedAbout(simulation, tenant.id, printer),
    ...ids,
    parent,
    createdBy,
    createdAt: now,
    visibleAt: now + visibleAfterMs,
    transformMs,
    fetchableAfterMs,
    ...pausedJob,
    isFetchable: false,
    isAcquiredByPrinter: false,
    configuration: { copies: 1, colorMode: 'color', duplexMode: 'oneSided', ...configuration },
    documents: request.documents.map((document) => {
      const id = randomUUID();
      return { ...document, id, seed: document.seed ?? id, uploadedAt: now };
    }),
    tasks: [],
    ...(redirectedFrom === undefined ? {} : { redirectedFrom }),
  };
  printer.jobs.set(job.id, job);
  const definition = tenant.definitions.get(printer.trigger?.definitionId ?? '');
  if (!definition) {
    release(simulation, job);
    return job;
  }
  const task: Task = {
    id: randomUUID(),
    ...ids,
    definitionId: definition.id,
    jobId: job.id,
    parentUrl: jobUrl(simulation, job),
    state: 'processing',
    description: 'The print task is being processed.',
    createdAt: now,
  };
  job.tasks.push(task);
  definition.tasks.set(task.id, task);
  notifyJobStarted(simulation, task);
  return job;
}

/** Prepares a paused job for download once none of its tasks is open. */
function release(simulation: Simulation, job: Job): void {
  if (job.state !== 'paused' || job.tasks.some(isOpen)) return;
  job.state = 'pending';
  job.details = ['transforming'];
  job.fetchableAt = simulation.now() + job.transformMs;
  simulation.world.transforming.add(job);
  finishTransforming(simulation);
}

/** Makes every job fetchable whose time has come by `Date`, and notifies the subscribers. */
export function finishTransforming(simulation: Simulation): void {
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

/**
 * Ends a task. `completed` releases the job once all of its tasks have ended (resources/printtask.md). What `aborted` does
 * is not documented: the variant `abortedTask` selects it.
 */
export function endTask(simulation: Simulation, task: Task, state: 'completed' | 'aborted'): void {
  task.state = state;
  task.endedAt = simulation.now();
  const tenant = simulation.world.tenants.get(task.tenantId);
  const job = tenant && findPrinter(tenant, task.printerId)?.jobs.get(task.jobId);
  if (!job) return;
  if (state === 'aborted' && simulation.variants.abortedTask === 'abortsJob') endJob(simulation, job, 'aborted');
  else release(simulation, job);
}

/** Ends a job; its open tasks end with it unless `endsTasks` is false. */
export function endJob(
  simulation: Simulation,
  job: Job,
  state: 'completed' | 'canceled' | 'aborted',
  { endsTasks }: { endsTasks: boolean } = { endsTasks: true },
): void {
  if (isEnded(job)) return;
  job.state = state;
  job.details = state === 'completed' ? ['completedSuccessfully'] : [];
  // It stays fetchable only where it was: a redirected job never is.
  job.isFetchable &&= state === 'completed' && simulation.variants.fetchableAfterAcquire;
  simulation.world.transforming.delete(job);
  if (!endsTasks) return;
  for (const task of job.tasks.filter(isOpen)) {
    task.state = 'aborted';
    task.endedAt = simulation.now();
  }
}

/** A person ends the job. Whether its task ends with it is not documented: the variant `cancelEndsTask` selects it. */
export function endJobByPerson(simulation: Simulation, job: Job, state: 'canceled' | 'aborted'): void {
  endJob(simulation, job, state, { endsTasks: simulation.variants.cancelEndsTask });
}

/** Deletes a job. Its tasks are still listed. */
export function deleteJob(simulation: Simulation, printer: Printer, job: Job): void {
  endJobByPerson(simulation, job, 'canceled');
  printer.jobs.delete(job.id);
}

/** A printer fetches the job and prints it from now on. */
export function acquireJob(simulation: Simulation, job: Job): void {
  job.state = 'processing';
  job.details = [];
  job.isAcquiredByPrinter = true;
  job.isFetchable = simulation.variants.fetchableAfterAcquire;
  job.acknowledgedAt = simulation.now();
}
