import { requireFound } from '../http/readRequest';
import { access } from '../signIn/permissions';
import type { Printer, Share } from '../world/simulation';
import { ok, pageOfList, pullPrintOf, route, tenantOf, type GraphCall, type Route } from './graphCall';
import { requireVisible, viewJob } from './jobs';
import { viewPrinter } from './printersAndTasks';

const SHARE = '/print/shares/{shareId}';
const PULL_PRINT = '/print/pullPrintPrinters';
const ONE_PULL_PRINT = `${PULL_PRINT}/{pullPrintPrinterId}`;

/** What an app may read of shares and their jobs, and of pull print printers. */
export const parentRoutes: readonly Route[] = [
  // resources/printershare.md: the relationship `printer`. Permission: the metadata of Microsoft Graph.
  route(`GET ${SHARE}/printer`, '../resources/printershare.md', access.readPrinter, (call) =>
    ok(viewPrinter(printerOfShare(call))),
  ),
  route(`GET ${SHARE}/jobs`, 'printershare-list-jobs.md', access.readJob, (call) => {
    const jobs = [...printerOfShare(call).jobs.values()];
    const visible = jobs.filter((job) => job.visibleAt <= call.simulation.now());
    return pageOfList(call, visible, (job) => viewJob(call.simulation, job, call.query));
  }),
  route(`GET ${SHARE}/jobs/{jobId}`, 'printjob-get.md', access.readJob, (call) =>
    ok(viewJob(call.simulation, requireVisible(call, printerOfShare(call)), call.query)),
  ),
  route(`GET ${PULL_PRINT}`, 'print-list-pullprintprinters.md', access.readPullPrint, (call) =>
    pageOfList(call, [...tenantOf(call).pullPrintPrinters.values()], viewPullPrint),
  ),
  route(`GET ${ONE_PULL_PRINT}`, 'pullprintprinter-get.md', access.readPullPrint, (call) =>
    ok(viewPullPrint(pullPrintOf(call))),
  ),
];

function shareOf(call: GraphCall): Share {
  return requireFound(tenantOf(call).shares.get(call.params['shareId'] ?? ''), 'The share');
}

/** The printer of the share. One of a pull print printer has none: its relationship is another (api/printershare-list-pullprintprinter). */
function printerOfShare(call: GraphCall): Printer {
  return requireFound(tenantOf(call).printers.get(shareOf(call).printerId), 'The printer');
}

/** A pullPrintPrinter as Graph writes it (api/pullprintprinter-get.md). */
function viewPullPrint({ id, displayName }: Printer) {
  const type = '#microsoft.graph.pullPrintPrinter';
  return { '@odata.type': type, id, displayName, isAcceptingJobs: true, includeAllPrinters: true };
}
