import type { Clock } from '../clock';
import { eachBounded, once } from '../concurrency';
import type { Config } from '../config';
import { errorFields, ReceiverError } from '../errors';
import type { Ledger } from '../jobs/ledger';
import type { Logger } from '../logger';
import type { RulesStore } from '../rules/store';
import { readUnusableRules } from '../status/jobStates';
import { readQueue, type QueueReaders } from '../status/queueStates';
import type { StoredRows } from '../status/summary';
import { QUEUE_NAMES } from '../storage/account';
import type { Measure, Measurement } from '../telemetry/catalogue';
import type { Tenants } from '../tenants/tenants';
import { watchRowKey, type Watches } from '../watches/watches';
import { readActivity, type ActivityMemory } from './activity';
import {
  attentionGauges,
  groupWatches,
  heldGauges,
  printerGauges,
  queueGauges,
  rulesGauges,
  upkeepGauges,
  watchGauges,
  type HeldSeen,
  type PrinterJobs,
  type QuietWatch,
} from './gauges';
import { proveJobs, type ProofMemory } from './proof';
import { silentHours } from './silence';

/** Where the service is read. */
export interface MeasureServices extends QueueReaders {
  config(): Promise<Pick<Config, 'clientStateKeys'>>;
  tenants(): Promise<Pick<Tenants, 'list'>>;
  watches(): Promise<Pick<Watches, 'list'>>;
  ledger(): Promise<Pick<Ledger, 'listHeld' | 'listSeen' | 'hasJobOf'>>;
  rules(): Promise<RulesStore>;
}

export interface MeasureDeps {
  services: MeasureServices;
  measure: Measure;
  /** What this process remembers between its runs. */
  memory: { activity: ActivityMemory; proofs: ProofMemory };
  clock: Pick<Clock, 'now'>;
  logger: Logger;
}

/** Under the five minutes between two runs. */
const RUN_MS = 4 * 60_000;
/** Customers side by side: one that is slow does not delay the others. */
const TENANTS_AT_ONCE = 8;

/**
 * Measures what no log event shows: queues, subscriptions, sweeps, rules, held jobs, printers and silent watches. It writes
 * nothing. Each part stands alone: one that fails is logged with its name, and the others are measured. The last line counts
 * the parts, and a run without a failure is complete.
 *
 * For n customers a run makes 22 calls to queues (two for each queue, four with a poison queue), two listings of tables and
 * 2n of the ledger (held jobs, new jobs), and n + 1 reads of blobs. Hours that have passed are read once in a process: 3n
 * listings in its first run, and as many in the first run of each hour. A page has 1,000 rows. Beside it, up to 200 calls
 * ask whether a watch ever saw a job.
 */
export async function measureService(deps: MeasureDeps): Promise<void> {
  const { services, measure, clock, logger } = deps;
  const now = clock.now();
  const isUp = () => clock.now() - now >= RUN_MS;
  const rows = once(() => readRows(services, now));
  const parts: [part: string, read: () => Promise<Measurement[]>][] = [
    ...Object.values(QUEUE_NAMES).map((queue): (typeof parts)[number] => [
      `queue ${queue}`,
      async () => queueGauges(await readQueue(services, queue, now)),
    ]),
    ['upkeep', async () => upkeepGauges(await rows())],
    ['attention', async () => attentionGauges(await rows(), (await services.config()).clientStateKeys)],
    ['rules', async () => rulesGauges(await readUnusableRules(services, (await rows()).tenants, logger))],
    ['heldJobs', async () => heldGauges(await readHeld(await services.ledger(), await rows(), isUp), now)],
    ['activity', async () => measureActivity(deps, await rows(), isUp)],
  ];
  let failed = 0;
  for (const [part, read] of parts) {
    try {
      for (const measurement of await read()) measure(measurement);
    } catch (error) {
      failed += 1;
      logger.error('service.notMeasured', { part, ...errorFields(error) });
    }
  }
  const level = failed > 0 ? 'error' : 'info';
  logger[level]('service.measured', { parts: parts.length, failed, ms: clock.now() - now });
}

/** The sweep reports rows that cannot be read. */
const ignoreUnreadable = () => undefined;

async function readRows(services: MeasureServices, now: number): Promise<StoredRows> {
  const rows: { tenants: StoredRows['tenants'][number][]; watches: StoredRows['watches'][number][] } = {
    tenants: [],
    watches: [],
  };
  for await (const tenant of (await services.tenants()).list(ignoreUnreadable)) rows.tenants.push(tenant);
  for await (const { watch } of (await services.watches()).list(undefined, ignoreUnreadable)) rows.watches.push(watch);
  return { ...rows, now };
}

/** @throws ReceiverError `deadlinePassed`: a part without some of the customers would show too little */
async function eachTenant<T extends { tenantId: string }>(
  tenants: readonly T[],
  isUp: () => boolean,
  read: (tenant: T) => Promise<void>,
): Promise<void> {
  await eachBounded(TENANTS_AT_ONCE, tenants, async (tenant) => {
    if (isUp()) throw new ReceiverError('deadlinePassed', 'The time of this run is up');
    await read(tenant);
  });
}

/** Held jobs block prints whatever the status of their customer is. */
async function readHeld(
  ledger: Pick<Ledger, 'listHeld'>,
  { tenants }: StoredRows,
  isUp: () => boolean,
): Promise<HeldSeen> {
  const seen: HeldSeen = { jobs: 0, since: Infinity, until: Infinity, byPrinter: [] };
  await eachTenant(tenants, isUp, async ({ tenantId }) => {
    const byPrinter = new Map<string, number>();
    for await (const { reference, heldSince, heldUntil } of ledger.listHeld(tenantId, {}, ignoreUnreadable)) {
      const { printerId } = reference;
      seen.jobs += 1;
      seen.since = Math.min(seen.since, Date.parse(heldSince ?? '') || Infinity);
      seen.until = Math.min(seen.until, Date.parse(heldUntil ?? '') || Infinity);
      if (printerId !== undefined) byPrinter.set(printerId, (byPrinter.get(printerId) ?? 0) + 1);
    }
    seen.byPrinter.push(...toPrinterJobs(tenantId, byPrinter));
  });
  return seen;
}

function toPrinterJobs(tenantId: string, counts: ReadonlyMap<string, number>): PrinterJobs[] {
  return [...counts].map(([printerId, jobs]) => ({ tenantId, printerId, jobs }));
}

/** Watches of customers that are not active expect no jobs. */
async function measureActivity(
  { services, memory, clock }: MeasureDeps,
  rows: StoredRows,
  isUp: () => boolean,
): Promise<Measurement[]> {
  const { tenants, watches, now } = rows;
  const byTenant = groupWatches(rows);
  const ledger = await services.ledger();
  const printers: PrinterJobs[] = [];
  const silent: QuietWatch[] = [];
  const active = tenants.filter(({ status }) => status === 'active');
  await eachTenant(active, isUp, async ({ tenantId, retentionDays }) => {
    const { last, jobsOf, busy, byPrinter } = await readActivity({ ledger, memory: memory.activity, now }, tenantId);
    printers.push(...toPrinterJobs(tenantId, byPrinter));
    for (const watch of byTenant.get(tenantId) ?? []) {
      const name = watchRowKey(watch);
      if (!watch.wanted || busy.has(name)) continue;
      const value = silentHours(watch, { jobsOf, last, retentionDays });
      if (value !== undefined) silent.push({ tenantId, watch: name, value });
    }
  });
  const retentionOf = new Map(active.map(({ tenantId, retentionDays }) => [tenantId, retentionDays]));
  const never = await proveJobs({ ledger, memory: memory.proofs, clock }, watches, retentionOf);
  return [
    ...printerGauges('upr.printers.jobs', printers),
    ...watchGauges('upr.watches.silent', silent),
    ...watchGauges('upr.watches.neverSawJob', never),
  ];
}
