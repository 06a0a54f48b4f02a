import { fail, notFound, type RoutedCall } from './graphCall';
import { endJob, printJob } from './jobLifecycle';
import { viewJob } from './jobView';
import { jobPath } from './notifications';
import { pageOfList } from './pageOfList';
import { access, scopes } from './permissions';
import { asRecord, requireRecord, requireString } from './readFields';
import type { Reply } from './reply';
import type { Route } from './routes';
import type { Job, Printer, Task, Tenant } from './world';

const graphRoot = 'https://graph.microsoft.com/v1.0/';

function expandOf(call: RoutedCall): Set<string> {
  return new Set((call.query.get('$expand') ?? '').split(',').map((name) => name.trim()));
}

function withPrinter(
  answer: (place: { tenant: Tenant; printer: Printer }, call: RoutedCall) => Reply,
): Route['handle'] {
  return (call) => {
    const tenant = call.simulation.world.tenants.get(call.principal.tenantId);
    const printer = tenant?.printers.get(call.params['printerId'] ?? '');
    return tenant && printer ? answer({ tenant, printer }, call) : notFound(call, 'The printer');
  };
}

/** Answers 404 for a job that does not exist or is not yet visible to reads. */
export function withJob(
  answer: (place: { tenant: Tenant; job: Job }, call: RoutedCall) => Reply,
): Route['handle'] {
  return withPrinter(({ tenant, printer }, call) => {
    const job = printer.jobs.get(call.params['jobId'] ?? '');
    return job && job.visibleAt <= call.simulation.now()
      ? answer({ tenant, job }, call)
      : notFound(call, 'The job');
  });
}

/**
 * Writes to a job need a printTask in `processing` started by a trigger of the calling app
 * (api/printjob-update.md, -redirect, -abort). Which status answers when there is none is a variant.
 */
function withOwnTask(
  answer: (place: { tenant: Tenant; job: Job; task: Task }, call: RoutedCall) => Reply,
): Route['handle'] {
  return withJob(({ tenant, job }, call) => {
    const task = job.tasks.find(
      ({ state, definitionId }) =>
        state === 'processing' && tenant.definitions.get(definitionId)?.appId === call.principal.appId,
    );
    if (task) return answer({ tenant, job, task }, call);
    const status = call.simulation.variants.writeWithoutTask;
    return fail(
      call,
      status,
      'badRequest',
      'The job has no print task in processing that the calling app started.',
    );
  });
}

function redirect(place: { tenant: Tenant; job: Job; task: Task }, call: RoutedCall): Reply {
  const { tenant, job, task } = place;
  const { simulation } = call;
  const body = requireRecord(call.body);
  const destination = tenant.printers.get(requireString(body, 'destinationPrinterId').toLowerCase());
  if (!destination) return notFound(call, 'The destination printer');
  const created = printJob(simulation, tenant, destination, {
    documents: job.documents.map(({ displayName, contentType, size }) => ({
      displayName,
      contentType,
      size,
    })),
    visibleAfterMs: 0,
    transformMs: job.transformMs,
    fetchableAfterMs: job.fetchableAfterMs,
    held: false,
    configuration: { ...job.configuration, ...asRecord(body['configuration']) },
    redirectedFrom: `${graphRoot}${jobPath(job)}`,
    ignoreTrigger: !simulation.variants.redirectFiresTrigger,
  });
  // api/printjob-redirect.md: the task is completed by the redirect itself.
  task.state = 'completed';
  task.endedAt = simulation.now();
  job.redirectedTo = `${graphRoot}${jobPath(created)}`;
  endJob(simulation, job, simulation.variants.redirectedJobState);
  return { status: 200, body: viewJob(simulation, created, new Set()) };
}

/** Jobs: reads, and the writes that need a processing task. */
export const jobRoutes: readonly Route[] = [
  {
    method: 'GET',
    template: '/print/printers/{printerId}/jobs',
    access: access.readJob,
    scopes: scopes.readJobs,
    page: 'printer-list-jobs.md',
    handle: withPrinter(({ printer }, call) => {
      const refused = ['$count', '$search'].find((name) => call.query.has(name));
      if (refused !== undefined)
        return fail(call, 400, 'badRequest', `The query option '${refused}' is not supported here.`);
      const now = call.simulation.now();
      const visible = [...printer.jobs.values()].filter((job) => job.visibleAt <= now);
      return pageOfList(call, visible, (job) => viewJob(call.simulation, job, expandOf(call)));
    }),
  },
  {
    method: 'GET',
    template: '/print/printers/{printerId}/jobs/{jobId}',
    access: access.readJob,
    scopes: scopes.readJobs,
    page: 'printjob-get.md',
    handle: withJob(({ job }, call) => ({
      status: 200,
      body: viewJob(call.simulation, job, expandOf(call)),
    })),
  },
  {
    method: 'PATCH',
    template: '/print/printers/{printerId}/jobs/{jobId}',
    access: access.writeJob,
    page: 'printjob-update.md',
    handle: withOwnTask(({ job }, call) => {
      const configuration = asRecord(requireRecord(call.body)['configuration']);
      if (!configuration) return fail(call, 400, 'badRequest', 'Only configuration can be changed.');
      job.configuration = { ...job.configuration, ...configuration };
      return { status: 200, body: viewJob(call.simulation, job, new Set()) };
    }),
  },
  {
    method: 'POST',
    template: '/print/printers/{printerId}/jobs/{jobId}/abort',
    access: access.writeJob,
    page: 'printjob-abort.md',
    handle: withOwnTask(({ job }, call) => {
      endJob(call.simulation, job, 'aborted');
      return { status: 204 };
    }),
  },
  {
    method: 'POST',
    template: '/print/printers/{printerId}/jobs/{jobId}/redirect',
    access: access.redirectJob,
    page: 'printjob-redirect.md',
    handle: withOwnTask(redirect),
  },
];

const delegated = (method: string, template: string, page: string): Route => ({
  method,
  template,
  access: 'delegatedOnly',
  page,
  handle: (call) =>
    fail(call, 501, 'notSupported', 'The simulator does not play this call; print by its control API.'),
});

/** Calls that no application permission allows, present so that an app is refused as Graph refuses it. */
export const userJobRoutes: readonly Route[] = [
  delegated('GET', '/print/shares', 'print-list-shares.md'),
  delegated('POST', '/print/printers/{printerId}/jobs', 'printer-post-jobs.md'),
  delegated('POST', '/print/shares/{shareId}/jobs', 'printershare-post-jobs.md'),
  delegated('POST', '/print/printers/{printerId}/jobs/{jobId}/cancel', 'printjob-cancel.md'),
  delegated('POST', '/print/printers/{printerId}/jobs/{jobId}/start', 'printjob-start.md'),
];
