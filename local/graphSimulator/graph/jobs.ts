import { notFound, Refusal, requireFound } from '../http/readRequest';
import { access } from '../signIn/permissions';
import { pausedJob } from '../world/jobs';
import type { Job, PrintDocument, Printer, Simulation } from '../world/simulation';
import { ok, pageOfList, printerOf, pullPrintOf, refuseOptions, route, type GraphCall, type Route } from './graphCall';
import { viewTask } from './printersAndTasks';

const JOBS = '/print/printers/{printerId}/jobs';
/** The path of one job. */
export const JOB = `${JOBS}/{jobId}`;
/** The path of one job of a pull print printer. */
export const PULL_PRINT_JOB = '/print/pullPrintPrinters/{pullPrintPrinterId}/jobs/{jobId}';

/** The reads of jobs. */
export const jobRoutes: readonly Route[] = [
  route(`GET ${JOBS}`, 'printer-list-jobs.md', access.readJob, (call) => {
    const jobs = [...printerOf(call).jobs.values()];
    refuseOptions(call, ['$count', '$search']);
    const visible = jobs.filter((job) => job.visibleAt <= call.simulation.now());
    return pageOfList(call, visible, (job) => viewJob(call.simulation, job, call.query));
  }),
  route(`GET ${JOB}`, 'printjob-get.md', access.readJob, (call) =>
    ok(viewJob(call.simulation, jobOf(call), call.query)),
  ),
  // resources/pullprintprinter.md: `jobs` is inherited from printerBase, and no page shows a call below it.
  route(`GET ${PULL_PRINT_JOB}`, '../resources/pullprintprinter.md', access.readPullPrintJob, (call) =>
    ok(viewJob(call.simulation, jobOf(call), call.query)),
  ),
];

/** The job of the path. Throws 404 when it does not exist or is not yet visible to reads. */
export function jobOf(call: GraphCall): Job {
  if (call.params['pullPrintPrinterId'] === undefined) return requireVisible(call, printerOf(call));
  switch (call.simulation.variants.pullPrintJobs) {
    case 'forbidden':
      throw new Refusal(403, 'accessDenied', 'The jobs of a pull print printer cannot be read.');
    case 'unknownPath':
      throw new Refusal(400, 'BadRequest', "Resource not found for the segment 'jobs'.");
    case 'notFound':
      throw notFound('The job');
    case 'shown':
      return requireVisible(call, pullPrintOf(call));
  }
}

/** The job of the path on its printer. Throws as `jobOf`. */
export function requireVisible({ params, simulation }: GraphCall, { jobs }: Printer): Job {
  const job = jobs.get(params['jobId'] ?? '');
  return requireFound(job && job.visibleAt <= simulation.now() ? job : undefined, 'The job');
}

/**
 * A printJob as Graph writes it (resources/printjob.md). `documents` and `tasks` are there only when expanded.
 * Until fetchableAfterMs has passed since the job became fetchable, reads still show it as transforming. Until
 * redirectShownAfterMs has passed since it was redirected, reads still show it as paused.
 */
export function viewJob(simulation: Simulation, job: Job, query?: URLSearchParams): Record<string, unknown> {
  const now = simulation.now();
  const expanded = (query?.get('$expand') ?? '').split(',').map((name) => name.trim());
  const lags = job.isFetchable && now < (job.fetchableAt ?? 0) + job.fetchableAfterMs;
  const isShownPaused = now < (job.redirectShownAt ?? 0);
  const { state, details } = isShownPaused ? pausedJob : job;
  return {
    id: job.id,
    createdDateTime: isoOf(job.createdAt),
    createdBy: { ...job.createdBy, ipAddress: null },
    isFetchable: job.isFetchable && !lags,
    redirectedFrom: job.redirectedFrom ?? null,
    redirectedTo: isShownPaused ? null : (job.redirectedTo ?? null),
    errorCode: null,
    acknowledgedDateTime: isoOf(job.acknowledgedAt),
    status: {
      state,
      description: `The print job is ${state}.`,
      details: lags ? ['transforming'] : details,
      isAcquiredByPrinter: job.isAcquiredByPrinter,
    },
    configuration: job.configuration,
    ...(expanded.includes('documents') ? { documents: job.documents.map(viewDocument) } : {}),
    ...(expanded.includes('tasks') ? { tasks: job.tasks.map((task) => viewTask(simulation, task)) } : {}),
  };
}

/** A printDocument as Graph writes it (resources/printdocument.md). */
function viewDocument(document: PrintDocument): Record<string, unknown> {
  const { id, displayName, contentType, size, uploadedAt, downloadedAt } = document;
  const times = { uploadedDateTime: isoOf(uploadedAt), downloadedDateTime: isoOf(downloadedAt) };
  return { id, displayName, contentType, size, ...times };
}

function isoOf(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}
