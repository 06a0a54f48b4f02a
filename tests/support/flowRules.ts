import { randomBytes } from 'node:crypto';
import type { ListedJob } from '../../local/graphSimulator/control/viewState';
import type { LedgerKey } from '../../shared/jobs/ledger';
import { storeWish, type Wish, type WishResult } from '../../shared/jobs/wishes';
import { rulesBlobOf } from '../../shared/rules/storedRules';
import { createServices } from '../../shared/services';
import { QUEUE_NAMES } from '../../shared/storage/account';
import type { Tenant } from '../../shared/tenants/tenants';
import { eventually } from './eventually';
import type { Customer, Flow, SeenEvent } from './startFlow';

/** Stores rules for one customer, before the app has looked for them: it looks once a minute. */
export async function storeRules(
  flow: Flow,
  { tenantId }: Pick<Customer, 'tenantId'>,
  then: object,
  fields: object = {},
): Promise<void> {
  const rules = [{ name: 'the rule', on: 'jobStarted', then }];
  const blobs = await flow.services.configBlobs();
  await blobs.write(rulesBlobOf(tenantId), JSON.stringify({ version: 1, ...fields, rules }));
}

/** Stores a wish as the routes and the command line do. */
export async function storeWishOf(flow: Flow, key: LedgerKey, wish: Omit<Wish, 'by' | 'at'>): Promise<WishResult> {
  // Past the fault proxy, which holds the calls of the app.
  const services = createServices({ ...flow.cloud.settings, AzureWebJobsStorage: flow.cloud.connectionString });
  const deps = {
    ledger: await services.ledger(),
    jobs: await services.queue(QUEUE_NAMES.jobs),
    clock: flow.clock,
    randomBytes,
  };
  return storeWish(deps, key, { ...wish, by: 'test', at: new Date(flow.clock.now()).toISOString() });
}

/** A customer whose started jobs all have one rule, with a second printer. */
export interface RuledCustomer extends Customer {
  targetId: string;
}

/** Who a customer is, beside its rule. */
export interface RuledOptions {
  /** Fields of the rules document, such as `onFailure`. */
  fields?: object;
  /** The application roles that the customer has granted, when not all. */
  roles?: string[];
  tenant?: Partial<Tenant>;
}

/** The action of a rule; `targetId` is the second printer. */
type Then = Readonly<Record<string, object>> | ((targetId: string) => object);

/** Onboards a customer whose started jobs all get the action of `then`. */
export async function onboardUnder(
  flow: Flow,
  then: Then,
  { fields, roles, tenant }: RuledOptions = {},
): Promise<RuledCustomer> {
  const customer = await flow.onboard(['jobStarted']);
  const { tenantId } = customer;
  const { id: targetId } = await flow.control.createPrinter(tenantId, { displayName: 'Target' });
  await storeRules(flow, customer, typeof then === 'function' ? then(targetId) : then, fields);
  if (tenant) await (await flow.services.tenants()).update(tenantId, (row) => ({ ...row, ...tenant }));
  if (roles) await flow.control.changeTenant(tenantId, { roles });
  return { ...customer, targetId };
}

/** One printed job, by which tests find it again. */
export interface PrintedUnder {
  customer: RuledCustomer;
  jobId: string;
  /** Its row in the ledger. */
  key: LedgerKey;
}

/** Prints one job of the customer, and waits until the app has done what it does at once. */
export async function printJobOf(flow: Flow, customer: RuledCustomer): Promise<PrintedUnder> {
  const { tenantId, printerId, definitionId } = customer;
  const [job] = await flow.control.print(tenantId, { printerId });
  const { jobId, taskId } = job ?? {};
  if (jobId === undefined || taskId === undefined) throw new Error('The job was not printed, or has no task');
  await flow.untilQuiet();
  return { customer, jobId, key: { tenantId, rowKey: `jobStarted_${definitionId}_${taskId}` } };
}

/** Prints one job of a new customer under a rule, and waits until its first event is there. */
export async function printUnder(flow: Flow, then: Then, options?: RuledOptions): Promise<PrintedUnder> {
  const customer = await onboardUnder(flow, then, options);
  const printed = await printJobOf(flow, customer);
  await untilEventsOf(flow, customer, 1);
  return printed;
}

/** The events of one customer so far. */
export async function eventsOf(flow: Flow, { tenantId }: Pick<Customer, 'tenantId'>): Promise<SeenEvent[]> {
  return (await flow.events()).filter(({ id }) => id.startsWith(`${tenantId}/`));
}

/** Waits until at least `count` events of one customer have been sent. */
export async function untilEventsOf(flow: Flow, customer: Customer, count: number): Promise<SeenEvent[]> {
  const events = await eventually(`${count} events of ${customer.tenantId}`, async () => {
    const sent = await eventsOf(flow, customer);
    return sent.length >= count ? sent : undefined;
  });
  await flow.untilQuiet();
  return events;
}

/** Type and outcome of each event of one customer. */
export async function outcomesOf(flow: Flow, customer: Customer): Promise<string[]> {
  return (await eventsOf(flow, customer)).map(({ type, data }) => `${type} ${String(data['outcome'])}`);
}

/** A job as the simulator holds it. Undefined when it was deleted. */
export async function jobAtGraph(
  flow: Flow,
  { customer: { tenantId }, jobId }: Pick<PrintedUnder, 'customer' | 'jobId'>,
): Promise<ListedJob | undefined> {
  const { tenants } = await flow.control.state();
  return tenants.find((tenant) => tenant.tenantId === tenantId)?.jobs.find((job) => job.jobId === jobId);
}
