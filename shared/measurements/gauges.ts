import type { KeyRing } from '../config';
import type { UnusableRules } from '../status/jobStates';
import { findWrongKeys } from '../status/keyUse';
import type { ReadQueue } from '../status/queueStates';
import { CREATE_LATE_MS, findReasons } from '../status/reasons';
import { earliest, summarizeService, type StoredRows } from '../status/summary';
import { readUpkeep, sinceRenewed } from '../status/upkeep';
import { hasPoison } from '../storage/account';
import type { Measurement, MetricName } from '../telemetry/catalogue';
import type { Watch } from '../watches/watches';

/** A metric with ids is written for at most so many of them: a bound on what is stored, whatever the size of the service. */
const MOST_WITH_IDS = 20;
const MINUTE_MS = 60_000;

const gauge = (metric: MetricName, value: number, dimensions: Record<string, string> = {}): Measurement => ({
  metric,
  value,
  dimensions,
});
const minutes = (metric: MetricName, ms: number) => gauge(metric, Math.max(0, Math.floor(ms / MINUTE_MS)));

/** The watches of each listed customer. */
export function groupWatches({ tenants, watches }: StoredRows): ReadonlyMap<string, readonly Watch[]> {
  const byTenant = new Map<string, Watch[]>(tenants.map(({ tenantId }) => [tenantId, []]));
  for (const watch of watches) byTenant.get(watch.tenantId)?.push(watch);
  return byTenant;
}

export function queueGauges({ state, oldest }: ReadQueue): Measurement[] {
  const { queue, waiting, poison = 0 } = state;
  const ready = [gauge('upr.queues.depth', waiting, { queue }), gauge('upr.queues.age', oldest.ready, { queue })];
  if (!hasPoison(queue)) return ready;
  return [...ready, gauge('upr.poison.depth', poison, { queue }), gauge('upr.poison.age', oldest.poison, { queue })];
}

/** Subscriptions, sweeps and access of all customers. */
export function upkeepGauges(rows: StoredRows): Measurement[] {
  const { tenants, now } = rows;
  const { maintained, live, sweptTimes } = readUpkeep(rows);
  const { minutesToNearestExpiry } = summarizeService(rows);
  // A watch that never had a subscription has been without one since it was added.
  const missing = maintained.filter(
    (watch) => now - Date.parse(watch.expirationDateTime ?? watch.renewedAt ?? watch.since) > CREATE_LATE_MS,
  );
  const refusing = tenants.filter(({ status, lastError }) => status === 'active' && lastError !== undefined);
  const renewals = live.map((watch) => now - sinceRenewed(watch, now));
  return [
    ...(minutesToNearestExpiry === undefined ? [] : [gauge('upr.subscriptions.nearestExpiry', minutesToNearestExpiry)]),
    ...(renewals.length === 0 ? [] : [minutes('upr.subscriptions.renewalAge', now - earliest(renewals))]),
    ...(sweptTimes.length === 0 ? [] : [minutes('upr.sweeps.age', now - earliest(sweptTimes))]),
    gauge('upr.subscriptions.missing', missing.length),
    gauge('upr.tenants.refusing', refusing.length),
  ];
}

/** The reasons that `status` would give for each customer alone, and over all customers what alerts rest on. */
export function attentionGauges(rows: StoredRows, ring: KeyRing): Measurement[] {
  const byTenant = groupWatches(rows);
  let watchesWithWrongKeys = 0;
  const found = rows.tenants.flatMap((tenant) => {
    const { tenantId } = tenant;
    const own = { tenants: [tenant], watches: byTenant.get(tenantId) ?? [], now: rows.now };
    const wrongKeys = findWrongKeys(own, ring);
    watchesWithWrongKeys += wrongKeys.length;
    const seen = { ...own, keys: [], wrongKeys, queues: [], unreadableRules: [] };
    return findReasons({ ...seen, unreadableRows: 0 }).map(({ reason }) => ({ tenantId, reason }));
  });
  const first = [...new Set(found.map(({ tenantId }) => tenantId))].slice(0, MOST_WITH_IDS);
  return [
    gauge('upr.subscriptions.wrongKeys', watchesWithWrongKeys),
    ...found
      .filter(({ tenantId }) => first.includes(tenantId))
      .map((dimensions) => gauge('upr.tenants.attention', 1, dimensions)),
  ];
}

/** One document for several customers counts once. Those that storage does not deliver have no name here. */
export function rulesGauges(unusable: readonly UnusableRules[]): Measurement[] {
  const invalid = unusable.flatMap(({ rules }) => (rules.kind === 'unreadable' ? [rules.blob] : []));
  const outage = unusable.filter(({ rules }) => rules.kind === 'outage').length;
  return [
    gauge('upr.rules.unreadable', new Set(invalid).size, { problem: 'invalid' }),
    gauge('upr.rules.unreadable', outage, { problem: 'outage' }),
  ];
}

/** A count of jobs at a printer. */
export interface PrinterJobs {
  tenantId: string;
  printerId: string;
  jobs: number;
}

export function printerGauges(
  metric: 'upr.held.byPrinter' | 'upr.printers.jobs',
  counts: PrinterJobs[],
): Measurement[] {
  return highest(
    metric,
    counts.map(({ jobs, ...ids }) => ({ value: jobs, ids })),
  );
}

/** The held jobs of all customers. Times in milliseconds since 1970, Infinity for none. */
export interface HeldSeen {
  jobs: number;
  /** When the first of the holds began. */
  since: number;
  /** When the first of the holds ends. */
  until: number;
  byPrinter: PrinterJobs[];
}

export function heldGauges({ jobs, since, until, byPrinter }: HeldSeen, now: number): Measurement[] {
  return [
    gauge('upr.held.jobs', jobs),
    minutes('upr.held.age', now - since),
    minutes('upr.held.overdue', now - until),
    ...printerGauges('upr.held.byPrinter', byPrinter),
  ];
}

/** A watch with the length of its silence, or its age. */
export interface QuietWatch {
  tenantId: string;
  watch: string;
  value: number;
}

/** Longest first. */
export function watchGauges(
  metric: 'upr.watches.silent' | 'upr.watches.neverSawJob',
  watches: QuietWatch[],
): Measurement[] {
  return highest(
    metric,
    watches.map(({ value, ...ids }) => ({ value, ids })),
  );
}

/** The gauges of the highest values. */
function highest(metric: MetricName, found: { value: number; ids: Record<string, string> }[]): Measurement[] {
  return found
    .sort((a, b) => b.value - a.value)
    .slice(0, MOST_WITH_IDS)
    .map(({ value, ids }) => gauge(metric, value, ids));
}
