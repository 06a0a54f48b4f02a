import type { Command } from 'commander';
import type { QueueContents } from '../shared/storage/queueContents';
import { QUEUE_NAMES } from '../shared/storage/account';
import type { Tenant, TenantStatus } from '../shared/tenants/tenants';
import { isMaintained, watchState, type Watch, type WatchState } from '../shared/watches/watches';
import type { CliContext, CliServices } from './context';
import { example, JSON_HELP, plural, warn, type JsonOption } from './output';
import { escapeControls, type Terminal } from './terminal';

interface QueueState {
  queue: string;
  /** Approximate number of messages, hidden ones included. */
  waiting: number;
  poison: number;
  /** Age of the oldest message in the poison queue. */
  oldestPoisonMinutes?: number;
}

/** These bounds keep `status` within 80 by 24, the size of the smallest terminal, whatever the number of failing tenants. */
const ERRORS_SHOWN = 3;
const ERROR_LENGTH = 110;

/** The command `status`: what an operator looks at first, on one screen. */
export function statusCommand(command: Command, context: CliContext): void {
  command
    .description('Show service health')
    .option('--json', JSON_HELP)
    .addHelpText('after', example('status'))
    .action((options: JsonOption) => status(context, options));
}

async function status({ terminal, ...context }: CliContext, options: JsonOption): Promise<void> {
  const services = await context.services();
  const now = context.now();
  const tenants: Tenant[] = [];
  for await (const tenant of (await services.tenants()).list(warn(terminal))) tenants.push(tenant);
  const watches: Watch[] = [];
  for await (const { watch } of (await services.watches()).list(undefined, warn(terminal))) watches.push(watch);
  const { clientStateKeys, trustedHosts } = await services.config();
  const keys = clientStateKeys.map(({ keyId }) => keyId);
  const summary = summarizeService({ tenants, watches, keys, now });
  const queues = await Promise.all(Object.values(QUEUE_NAMES).map((name) => readQueue(services, name, now)));
  if (options.json) return terminal.json({ ...summary, trustedHosts, queues });
  print(terminal, summary, trustedHosts, queues);
}

async function readQueue(
  { queueContents }: Pick<CliServices, 'queueContents'>,
  queue: string,
  now: number,
): Promise<QueueState> {
  const waiting = await (await queueContents(queue)).count();
  const poison: QueueContents = await queueContents(`${queue}-poison`);
  const [count, oldest] = [await poison.count(), await poison.oldest()];
  return {
    queue,
    waiting,
    poison: count,
    ...(oldest === undefined ? {} : { oldestPoisonMinutes: Math.max(0, Math.round((now - oldest) / 60_000)) }),
  };
}

function print(
  terminal: Terminal,
  summary: ServiceSummary,
  trustedHosts: readonly string[],
  queues: readonly QueueState[],
): void {
  const { tenants, keys, minutesToNearestExpiry, lastRenewal, foundOnlyBySweep } = summary;
  const facts = [
    ['tenants', countWords(tenants)],
    ['watches', describeWatches(summary)],
    [
      'keys',
      keys
        .map(({ keyId, role, watches: count }) => `${keyId}: ${role}, ${plural(count, 'watch', 'watches')}`)
        .join('; '),
    ],
    ['minutes to nearest expiry', minutesToNearestExpiry === undefined ? 'none' : String(minutesToNearestExpiry)],
    ['last renewal', lastRenewal ?? 'never'],
    ['last sweep', describeSweep(summary)],
    ['jobs found only by the sweep', String(foundOnlyBySweep)],
    // Outside Microsoft's clouds: the operator should see that credentials are sent there.
    ...(trustedHosts.length === 0 ? [] : [['trusted hosts', trustedHosts.join(', ')]]),
  ];
  const rows = queues.map(({ queue, waiting, poison, oldestPoisonMinutes }) => [
    queue,
    String(waiting),
    String(poison),
    oldestPoisonMinutes === undefined ? '' : `${oldestPoisonMinutes} min`,
  ]);
  terminal.table(['status', ''], facts);
  terminal.print(...describeErrors(summary), '');
  terminal.table(['queue', 'waiting', 'poison', 'oldest poison'], rows);
}

function describeWatches({ watches, watchesOfInactiveTenants }: ServiceSummary): string {
  const inactive = watchesOfInactiveTenants === 0 ? '' : `; ${watchesOfInactiveTenants} of inactive tenants`;
  return countWords(watches) + inactive;
}

function describeSweep({ lastSweep, neverSwept }: ServiceSummary): string {
  if (lastSweep === undefined) return 'never';
  return neverSwept === 0 ? lastSweep : `${lastSweep}; never for ${plural(neverSwept, 'active tenant')}`;
}

function describeErrors({ tenantErrors }: ServiceSummary): string[] {
  const lines = tenantErrors
    .slice(0, ERRORS_SHOWN)
    .map(({ tenantId, error }) => `error of ${tenantId}: ${shorten(escapeControls(error))}`);
  const more = tenantErrors.length - lines.length;
  if (more > 0) lines.push(`${plural(more, 'more tenant')} with errors: status --json`);
  return lines;
}

function shorten(text: string): string {
  const characters = Array.from(text);
  return characters.length <= ERROR_LENGTH ? text : `${characters.slice(0, ERROR_LENGTH - 1).join('')}…`;
}

function countWords(counts: Readonly<Record<string, number>>): string {
  const words = Object.entries(counts).filter(([, count]) => count > 0);
  return words.length === 0 ? 'none' : words.map(([word, count]) => `${count} ${word}`).join(', ');
}

/** The health of the service, from its tables. Times are ISO 8601. */
interface ServiceSummary {
  tenants: Record<TenantStatus, number>;
  /** Watches of active tenants. */
  watches: Record<WatchState, number>;
  /** Watches of tenants that are paused, removed or not listed. Except the JobStarted watches of paused tenants, they expire. */
  watchesOfInactiveTenants: number;
  /**
   * Every key of the ring, and every key that signed a live subscription or one in creation, of any tenant. A key may be
   * removed from the ring once no watch uses it. A `missing` key was removed too early: notifications of its watches are
   * answered with 503, and Graph retries them for four hours. Expired subscriptions send nothing and do not count.
   */
  keys: { keyId: string; role: 'signs' | 'verifies' | 'missing'; watches: number }[];
  /** Until the first live subscription of an active tenant expires. Undefined when there is none. */
  minutesToNearestExpiry?: number;
  lastRenewal?: string;
  /** The oldest last complete sweep of an active tenant. Tenants that were never swept do not count. */
  lastSweep?: string;
  /** Active tenants without a complete sweep. */
  neverSwept: number;
  foundOnlyBySweep: number;
  tenantErrors: { tenantId: string; error: string }[];
}

/** Summarizes `tenants` and `watches` at `now` (milliseconds since 1970). `keys` are the key ids of the ring, in order. */
function summarizeService(seen: {
  tenants: readonly Tenant[];
  watches: readonly Watch[];
  keys: readonly string[];
  now: number;
}): ServiceSummary {
  const { tenants, watches, keys, now } = seen;
  const byStatus: Record<TenantStatus, number> = { active: 0, paused: 0, removed: 0 };
  for (const { status } of tenants) byStatus[status] += 1;
  const active = tenants.filter(({ status }) => status === 'active');
  const byId = new Map(tenants.map((tenant) => [tenant.tenantId, tenant]));
  const ofActive = watches.filter(({ tenantId }) => byId.get(tenantId)?.status === 'active');
  const byState: Record<WatchState, number> = { live: 0, failing: 0, lapsed: 0, pending: 0 };
  const byKey = new Map(keys.map((keyId) => [keyId, 0]));
  for (const watch of ofActive) byState[watchState(watch, now)] += 1;
  for (const { tenantId, kind, keyId, expirationDateTime } of watches) {
    // A subscription in creation has no expiry yet. Nothing is created for a watch that is not reconciled.
    const end = expirationDateTime ?? (isMaintained(byId.get(tenantId), kind) ? undefined : '');
    const isOver = end !== undefined && !(Date.parse(end) > now);
    if (keyId !== undefined && !isOver) byKey.set(keyId, (byKey.get(keyId) ?? 0) + 1);
  }
  const ends = ofActive
    .map(({ expirationDateTime }) => Date.parse(expirationDateTime ?? ''))
    .filter((end) => end > now);
  const lastRenewal = sorted(watches.map(({ renewedAt }) => renewedAt)).at(-1);
  const lastSweep = sorted(active.map(({ sweptAt }) => sweptAt))[0];
  return {
    tenants: byStatus,
    watches: byState,
    watchesOfInactiveTenants: watches.length - ofActive.length,
    keys: [...byKey].map(([keyId, count]) => ({
      keyId,
      role: keyId === keys[0] ? 'signs' : keys.includes(keyId) ? 'verifies' : 'missing',
      watches: count,
    })),
    ...(ends.length === 0 ? {} : { minutesToNearestExpiry: Math.floor((Math.min(...ends) - now) / 60_000) }),
    ...(lastRenewal === undefined ? {} : { lastRenewal }),
    ...(lastSweep === undefined ? {} : { lastSweep }),
    neverSwept: active.filter(({ sweptAt }) => sweptAt === undefined).length,
    foundOnlyBySweep: tenants.reduce((sum, { lostByGraph = 0 }) => sum + lostByGraph, 0),
    tenantErrors: tenants.flatMap(({ tenantId, lastError }) =>
      lastError === undefined ? [] : [{ tenantId, error: lastError }],
    ),
  };
}

/** The defined values in order. ISO 8601 in UTC sorts by time. */
function sorted(values: readonly (string | undefined)[]): string[] {
  return values.filter((value) => value !== undefined).sort();
}
