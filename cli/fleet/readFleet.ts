import type { DefinitionPaging } from '../../shared/graph/api/taskDefinitions';
import type { CallGraph } from '../../shared/graph/client';
import type { Paging } from '../../shared/graph/paging';
import { openAdministratorGraph, type SignInOptions } from '../administrator';
import { notListed } from '../arguments';
import type { CliContext } from '../context';
import { warn } from '../output';
import { observeFleet, type Fleet } from './observe';
import { waitOutThrottling } from './waitOutThrottling';

/** Graph for one customer: as the app, and as its signed-in Printer Administrator. */
export interface OpenedFleet {
  tenantId: string;
  app: DefinitionPaging;
  administrator: Paging;
  /** Ends every wait for Graph. */
  waits: AbortController;
}

/**
 * Signs a Printer Administrator of a listed customer in. Both sides wait where Graph throttles them.
 *
 * @throws ReceiverError `tenantNotActive` for a customer that is not on the allow-list, `signInFailed`
 */
export async function openFleet(
  context: CliContext,
  tenantId: string,
  permission: string,
  options: SignInOptions,
): Promise<OpenedFleet> {
  const services = await context.services();
  const { graphBaseUrl, clientId } = await services.config();
  if (!(await (await services.tenants()).get(tenantId))) throw notListed(tenantId);
  const administrator = await openAdministratorGraph(context, tenantId, permission, options);
  const waits = new AbortController();
  const patient = createPatience(context, waits);
  return {
    tenantId,
    app: { graphBaseUrl, clientId, callGraph: patient((await services.graph()).callGraph) },
    administrator: { graphBaseUrl, callGraph: patient(administrator) },
    waits,
  };
}

/** Lets calls wait where Graph throttles, until `waits` is aborted. The wait is shown. */
export function createPatience(
  { terminal, sleep }: CliContext,
  waits: AbortController,
): (calls: CallGraph) => CallGraph {
  const deps = {
    sleep: (ms: number) => sleep(ms, waits.signal),
    onWait: (ms: number) => terminal.status(`Graph asked to wait ${Math.ceil(ms / 1_000)} s.`),
  };
  return (callGraph) => waitOutThrottling(callGraph, deps);
}

/** What the customer has now, with progress and warnings on stderr. */
export async function readFleet(
  context: CliContext,
  { tenantId, app, administrator }: OpenedFleet,
  options: { triggers: boolean },
): Promise<Fleet> {
  const { terminal } = context;
  const deps = {
    ...{ app, administrator, ...openReading(context) },
    watches: await (await context.services()).watches(),
    onUnreadable: warn(terminal),
  };
  const fleet = await observeFleet(deps, tenantId, options);
  terminal.status(undefined);
  if (!fleet.pullPrintPrinters) {
    terminal.note('Pull print printers are not shown: the app has no permission PullPrintPrinter.Read.All.');
  }
  return fleet;
}

/** What reads the triggers of printers works with. Its waits and its progress are shown. Ctrl-C ends the program meanwhile. */
export function openReading({ terminal, now, sleep }: CliContext) {
  return {
    clock: { now, sleep: (ms: number) => sleep(ms) },
    onWait: showWait(terminal),
    onProgress: (read: number, printers: number) =>
      terminal.status(`Read the triggers of ${read} of ${printers} printers.`),
  };
}

/** Shows what is waited for, and for how many milliseconds. */
export function showWait(terminal: CliContext['terminal']): (what: string, ms: number) => void {
  return (what, ms) => terminal.status(`${what}. Next try in ${Math.ceil(ms / 1_000)} s.`);
}
