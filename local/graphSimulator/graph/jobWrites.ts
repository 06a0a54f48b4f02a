import { z } from 'zod';
import { Refusal, requireFound } from '../http/readRequest';
import type { Reply } from '../http/server';
import { access } from '../signIn/permissions';
import { jobUrl } from '../subscriptions/notifications';
import { endJob, printJob } from '../world/jobs';
import type { Job, Task } from '../world/simulation';
import { ok, route, tenantOf, type GraphCall, type Route } from './graphCall';
import { jobConfiguration } from './jobConfiguration';
import { JOB, jobOf, PULL_PRINT_JOB, viewJob } from './jobs';

// api/printjob-update.md: only the configuration can be updated. Any other field is refused.
const jobChange = z.strictObject({ configuration: jobConfiguration });
// api/printjob-redirect.md, api/printjob-abort.md: the parameters of the actions.
const redirectOrder = z.strictObject({
  destinationPrinterId: z.string().min(1).toLowerCase(),
  configuration: jobConfiguration.nullish(),
});
const abortOrder = z.strictObject({ reason: z.string().nullish() }).optional();

const refusals = {
  reject400: [400, 'badRequest'],
  reject403: [403, 'accessDenied'],
  reject409: [409, 'conflict'],
} as const;

/** The writes to a job. Each needs a task in processing that the calling app's trigger started. */
export const jobWriteRoutes: readonly Route[] = [
  route(`PATCH ${JOB}`, 'printjob-update.md', access.writeJob, update),
  route(`POST ${JOB}/abort`, 'printjob-abort.md', access.writeJob, abort),
  route(`POST ${JOB}/redirect`, 'printjob-redirect.md', access.redirectJob, redirect),
  route(`PATCH ${PULL_PRINT_JOB}`, 'printjob-update.md', access.writePullPrintJob, update),
  route(`POST ${PULL_PRINT_JOB}/abort`, 'printjob-abort.md', access.writePullPrintJob, abort),
  route(`POST ${PULL_PRINT_JOB}/redirect`, 'printjob-redirect.md', access.redirectPullPrintJob, redirect),
];

function update(call: GraphCall): Reply {
  const { job } = requireOwnTask(call);
  job.configuration = { ...job.configuration, ...jobChange.parse(call.body).configuration };
  return ok(viewJob(call.simulation, job));
}

function abort(call: GraphCall): Reply {
  const { job } = requireOwnTask(call);
  abortOrder.parse(call.body);
  endJob(call.simulation, job, 'aborted', { endsTasks: call.simulation.variants.abortEndsTask });
  return { status: 204 };
}

/**
 * The job of the path and the calling app's task. Writes to a job need a printTask in `processing` started by a trigger of
 * the calling app (api/printjob-update.md, -redirect, -abort), and only a paused job waits for one. The status without one
 * is not documented.
 */
function requireOwnTask(call: GraphCall): { job: Job; task: Task } {
  const job = jobOf(call);
  const { definitions } = tenantOf(call);
  const task = job.tasks.find(
    ({ state, definitionId }) =>
      state === 'processing' && definitions.get(definitionId)?.appId === call.principal.appId,
  );
  if (task && job.state === 'paused') return { job, task };
  const [status, code] = refusals[call.simulation.variants.jobWriteWithoutTask];
  throw new Refusal(status, code, 'The job has no print task in processing that the calling app started.');
}

/** Prints the job at the destination, where a trigger may start a task of its own (api/printjob-redirect.md). */
function redirect(call: GraphCall): Reply {
  const { simulation } = call;
  const { job, task } = requireOwnTask(call);
  const tenant = tenantOf(call);
  const order = redirectOrder.parse(call.body);
  const destination = requireFound(tenant.printers.get(order.destinationPrinterId), 'The destination printer');
  // api/printjob-redirect.md redirects to a different printer.
  if (destination.id === job.printerId)
    throw new Refusal(400, 'badRequest', 'The destination printer is the printer of the job.');
  const created = printJob(simulation, tenant, destination, {
    ...job,
    parent: { collection: 'printers', id: destination.id },
    documents: job.documents.map(({ downloadedAt: _none, ...document }) => document),
    visibleAfterMs: 0,
    configuration: { ...job.configuration, ...order.configuration },
    redirectedFrom: jobUrl(simulation, job),
  });
  // concepts/universal-print-concept-overview.md: the task is completed by the redirect itself.
  task.state = 'completed';
  task.endedAt = simulation.now();
  job.redirectedTo = jobUrl(simulation, created);
  job.redirectShownAt = task.endShownAt = simulation.now() + simulation.variants.redirectShownAfterMs;
  // The documentation does not name the end state of the redirected job.
  endJob(simulation, job, simulation.variants.redirectedJobState);
  return ok(viewJob(simulation, created));
}
