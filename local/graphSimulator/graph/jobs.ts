import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { notFound, Refusal, requireFound } from '../http/readRequest';
import type { Reply } from '../http/server';
import { access } from '../signIn/permissions';
import { jobUrl } from '../subscriptions/notifications';
import { endJob, printJob } from '../world/jobs';
import type { Job, PrintDocument, Printer, Simulation, Task } from '../world/simulation';
import { ok, pageOfList, printerOf, refuseOptions, route, tenantOf, type GraphCall, type Route } from './graphCall';
import { viewTask } from './printersAndTasks';

// Only the configuration can be changed.
const jobChange = z.object({ configuration: z.record(z.string(), z.unknown()) });
const redirectOrder = jobChange.partial().extend({ destinationPrinterId: z.string().toLowerCase() });
const JOBS = '/print/printers/{printerId}/jobs';
const JOB = `${JOBS}/{jobId}`;
// How long a download URL lives is not documented; an hour is usual for such URLs of Graph.
const DOWNLOAD_LIFETIME_MS = 60 * 60 * 1000;

/** Jobs and their documents: reads, and the writes that need a processing task. */
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
  route(`PATCH ${JOB}`, 'printjob-update.md', access.writeJob, (call) => {
    const { job } = requireOwnTask(call);
    job.configuration = { ...job.configuration, ...jobChange.parse(call.body).configuration };
    return ok(viewJob(call.simulation, job));
  }),
  route(`POST ${JOB}/abort`, 'printjob-abort.md', access.writeJob, (call) => {
    endJob(call.simulation, requireOwnTask(call).job, 'aborted');
    return { status: 204 };
  }),
  route(`POST ${JOB}/redirect`, 'printjob-redirect.md', access.redirectJob, redirect),
  route(`GET ${JOB}/documents/{documentId}/$value`, 'printdocument-get-file.md', access.readPayload, (call) => {
    const { world, now, graphUrl } = call.simulation;
    const document = jobOf(call).documents.find(({ id }) => id === call.params['documentId']);
    if (!document) throw notFound('The document');
    const token = randomBytes(24).toString('base64url');
    world.downloads.set(token, { document, expiresAt: now() + DOWNLOAD_LIFETIME_MS });
    return { status: 302, headers: { location: `${graphUrl}/downloads?tempauthtoken=${token}` } };
  }),
];

/** Answers a pre-authenticated URL. A request with an Authorization header is refused (api/printdocument-get-file.md). */
export function answerDownload({ world, now }: Simulation, url: URL, authorization: string | undefined): Reply {
  if (authorization !== undefined) return { status: 401 };
  const download = world.downloads.get(url.searchParams.get('tempauthtoken') ?? '');
  if (!download || download.expiresAt <= now()) return { status: 404 };
  const { document } = download;
  document.downloadedAt = now();
  const body = Buffer.alloc(document.size, '%PDF-simulated ');
  return { status: 200, headers: { 'content-type': document.contentType }, body };
}

/** The job of the path. Throws 404 when it does not exist or is not yet visible to reads. */
function jobOf(call: GraphCall): Job {
  return requireVisible(call, printerOf(call));
}

/** The job of the path on its printer. Throws as `jobOf`. */
export function requireVisible({ params, simulation }: GraphCall, { jobs }: Printer): Job {
  const job = jobs.get(params['jobId'] ?? '');
  return requireFound(job && job.visibleAt <= simulation.now() ? job : undefined, 'The job');
}

/**
 * The job of the path and the calling app's task. Writes to a job need a printTask in `processing` started by a trigger of
 * the calling app (api/printjob-update.md, -redirect, -abort). The status without one is not documented.
 */
function requireOwnTask(call: GraphCall): { job: Job; task: Task } {
  const job = jobOf(call);
  const { definitions } = tenantOf(call);
  const task = job.tasks.find(
    ({ state, definitionId }) =>
      state === 'processing' && definitions.get(definitionId)?.appId === call.principal.appId,
  );
  if (task) return { job, task };
  throw new Refusal(400, 'badRequest', 'The job has no print task in processing that the calling app started.');
}

function redirect(call: GraphCall): Reply {
  const { simulation } = call;
  const { job, task } = requireOwnTask(call);
  const tenant = tenantOf(call);
  const order = redirectOrder.parse(call.body);
  const destination = requireFound(tenant.printers.get(order.destinationPrinterId), 'The destination printer');
  const created = printJob(simulation, tenant, destination, {
    ...job,
    parent: { collection: 'printers', id: destination.id },
    documents: job.documents.map(({ downloadedAt: _none, ...document }) => document),
    visibleAfterMs: 0,
    configuration: { ...job.configuration, ...order.configuration },
    redirectedFrom: jobUrl(simulation, job),
  });
  // api/printjob-redirect.md: the task is completed by the redirect itself.
  task.state = 'completed';
  task.endedAt = simulation.now();
  job.redirectedTo = jobUrl(simulation, created);
  // The documentation does not name the end state of the redirected job.
  endJob(simulation, job, simulation.variants.redirectedJobState);
  return ok(viewJob(simulation, created));
}

/**
 * A printJob as Graph writes it (resources/printjob.md). `documents` and `tasks` are there only when expanded.
 * Until fetchableAfterMs has passed since the job became fetchable, reads still show it as transforming.
 */
export function viewJob({ now }: Simulation, job: Job, query?: URLSearchParams): Record<string, unknown> {
  const expanded = (query?.get('$expand') ?? '').split(',').map((name) => name.trim());
  const lags = job.isFetchable && now() < (job.fetchableAt ?? 0) + job.fetchableAfterMs;
  return {
    id: job.id,
    createdDateTime: isoOf(job.createdAt),
    createdBy: { id: job.tenantId, displayName: 'User of the tenant', ipAddress: null, userPrincipalName: null },
    isFetchable: job.isFetchable && !lags,
    redirectedFrom: job.redirectedFrom ?? null,
    redirectedTo: job.redirectedTo ?? null,
    errorCode: null,
    acknowledgedDateTime: isoOf(job.acknowledgedAt),
    status: {
      state: job.state,
      description: `The print job is ${job.state}.`,
      details: lags ? ['transforming'] : job.details,
      isAcquiredByPrinter: job.isAcquiredByPrinter,
    },
    configuration: job.configuration,
    ...(expanded.includes('documents') ? { documents: job.documents.map(viewDocument) } : {}),
    ...(expanded.includes('tasks') ? { tasks: job.tasks.map(viewTask) } : {}),
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
