import type { ListedJob, OpenTask } from '../../local/graphSimulator/control/viewState';
import type { WishAction } from '../../shared/jobs/wishes';
import { rulesBlobOf } from '../../shared/rules/storedRules';
import { storeWishOf } from '../support/flowRules';
import type { Flow } from '../support/startFlow';
import { oneOf, type SoakCustomer } from './customers';

/** Hours for which the two rules that hold jobs do so. */
const HOLDS = { release: 4, abort: 2 };
/** Jobs of these printers are held: the longest hold in hours, for the judge. */
const HELD_PRINTERS = 2;
const LONGEST_HOLD_HOURS = 4;

/** Stores rules that hold, redirect, abort and change the jobs of the first printers of a customer. */
export async function storeSoakRules(
  { services }: Pick<Flow, 'services'>,
  { tenantId, printerIds }: SoakCustomer,
): Promise<void> {
  const [heldOne, heldOther, redirected, target, aborted, changed] = printerIds;
  const rule = (name: string, printer: string | undefined, then: object) => ({
    name,
    on: 'jobStarted',
    when: { printer },
    then,
  });
  const rules = [
    rule('hold, then release', heldOne, { hold: { for: `${HOLDS.release}h`, else: 'release' } }),
    rule('hold, then abort', heldOther, { hold: { for: `${HOLDS.abort}h`, else: 'abort' }, configure: { copies: 1 } }),
    rule('redirect', redirected, { redirect: { printer: target } }),
    rule('abort', aborted, { abort: { reason: 'No jobs here' } }),
    rule('change', changed, { release: {}, configure: { colorMode: 'grayscale' } }),
  ];
  const blobs = await services.configBlobs();
  await blobs.write(rulesBlobOf(tenantId), JSON.stringify({ version: 1, rules }));
}

/** How many hours the task of a printer may be open longer than others, because its job is held. */
export function holdHours(ruled: readonly SoakCustomer[], printerId: string): number {
  const isHeld = ruled.some(({ printerIds }) => printerIds.slice(0, HELD_PRINTERS).includes(printerId));
  return isHeld ? LONGEST_HOLD_HOURS : 0;
}

const isEnded = ({ state }: ListedJob) => ['completed', 'canceled', 'aborted'].includes(state);

/**
 * What people do in an hour to a held job: some wait for the end of the hold. Only jobs whose event was sent: one that its user
 * cancels before the app has seen it leaves nothing at Graph that the app could find.
 */
export async function decideOnSome(
  flow: Flow,
  ruled: readonly SoakCustomer[],
  { openTasks, listed }: { openTasks: readonly OpenTask[]; listed: readonly ListedJob[] },
  events: ReadonlySet<string>,
  random: () => number,
): Promise<void> {
  const held = openTasks.filter(
    ({ tenantId, definitionId, taskId, printerId }) =>
      holdHours(ruled, printerId) > 0 && events.has(`${tenantId}/jobStarted_${definitionId}_${taskId}`),
  );
  if (held.length === 0 || random() < 0.4) return;
  const { tenantId, definitionId, taskId, printerId, jobId } = oneOf(held, random);
  const action = oneOf<WishAction | 'cancel'>(['release', 'redirect', 'abort', 'cancel'], random);
  if (action === 'cancel') {
    // While the app is down, the task of a canceled job can stay open, and a user cannot cancel a job twice.
    const ofJob = (job: ListedJob) => job.tenantId === tenantId && job.printerId === printerId && job.jobId === jobId;
    const isActive = listed.some((job) => ofJob(job) && !isEnded(job));
    return isActive ? flow.control.actOnJob(tenantId, printerId, jobId, 'cancel') : undefined;
  }
  const target = ruled.find((customer) => customer.tenantId === tenantId)?.printerIds.at(-1) ?? '';
  const key = { tenantId, rowKey: `jobStarted_${definitionId}_${taskId}` };
  await storeWishOf(flow, key, { action, ...(action === 'redirect' ? { printerId: target } : {}) });
}
