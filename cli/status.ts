import type { Command } from 'commander';
import type { Config } from '../shared/config';
import type { DeviceToken } from '../shared/deviceTokens/deviceTokens';
import { ReceiverError } from '../shared/errors';
import { describeSink, type SinkDescription } from '../shared/settings/eventSink';
import type { Tenant, TenantStatus } from '../shared/tenants/tenants';
import { watchState, type Watch, type WatchState } from '../shared/watches/watches';
import type { CliContext, CliServices } from './context';
import {
  countHeldJobs,
  describeHeldJobs,
  describeUnreadableRules,
  findUnreadableRules,
  type HeldJobs,
  type UnreadableRules,
} from './jobStates';
import { describeKeys, describeWrongKeys, findWrongKeys, summarizeKeys } from './keyUse';
import { errorLines, example, JSON_HELP, plural, warn, type JsonOption } from './output';
import { printQueues, readQueues } from './queueStates';
import { escapeControls, type Terminal } from './terminal';

/** These bounds keep `status` within 80 by 24, the size of the smallest terminal, whatever the number of failing tenants. */
const ERRORS_SHOWN = 3;
const ERROR_LENGTH = 110;
const RULES_SHOWN = 1;
const RULES_LENGTH = 155;

/** The command `status`: what an operator looks at first, on one screen. */
export function statusCommand(command: Command, context: CliContext): void {
  command
    .description('Show service health')
    .option('--check', 'exit with 1 when the rules of an active customer cannot be read')
    .option('--json', JSON_HELP)
    .addHelpText('after', example('status', 'status --check'))
    .action((options: StatusOptions) => status(context, options));
}

interface StatusOptions extends JsonOption {
  check?: true;
}

async function status(context: CliContext, options: StatusOptions): Promise<void> {
  const { terminal, logger, markFailed } = context;
  const services = await context.services();
  const now = context.now();
  let config: Config;
  try {
    config = await services.config();
  } catch (error) {
    return printInvalid(context, services, options, error);
  }
  const tenants: Tenant[] = [];
  for await (const tenant of (await services.tenants()).list(warn(terminal))) tenants.push(tenant);
  const watches: Watch[] = [];
  for await (const { watch } of (await services.watches()).list(undefined, warn(terminal))) watches.push(watch);
  const tokens: DeviceToken[] = [];
  for await (const token of (await services.deviceTokens()).tokens.list(undefined, warn(terminal))) tokens.push(token);
  const { clientStateKeys, trustedHosts, eventSink } = config;
  const sink = eventSink && describeSink(eventSink);
  const ring = clientStateKeys.map(({ keyId }) => keyId);
  const { states, signed } = await readQueues(services, now);
  const keys = summarizeKeys({ tenants, watches, tokens, ring, signed, now });
  const wrongKeys = findWrongKeys({ tenants, watches, now }, clientStateKeys);
  const summary = summarizeService({ tenants, watches, now });
  const heldJobs = await countHeldJobs(services, tenants, warn(terminal));
  const unreadableRules = await findUnreadableRules(services, tenants, logger);
  if (options.check && unreadableRules.length > 0) markFailed();
  const jobs = { heldJobs, unreadableRules };
  if (options.json)
    return terminal.json({ ...summary, ...jobs, keys, wrongKeys, trustedHosts, sink: sink ?? null, queues: states });
  print(terminal, { ...summary, ...jobs }, { keys: describeKeys(keys, signed), trustedHosts, sink });
  printQueues(terminal, states);
  const [first, ...more] = describeWrongKeys(wrongKeys);
  if (first !== undefined) terminal.warn(first, ...more);
}

/** With wrong settings the app holds its messages. They can be counted as long as the settings of storage are right. */
async function printInvalid(
  { terminal, now, markFailed }: CliContext,
  services: CliServices,
  options: JsonOption,
  error: unknown,
): Promise<void> {
  if (!(error instanceof ReceiverError) || error.code !== 'configInvalid') throw error;
  const queues = await readQueues(services, now()).catch(() => undefined);
  // The settings are the first to correct, whatever storage says.
  if (!queues) throw error;
  markFailed();
  terminal.error(...errorLines(error), 'Until then the app holds its messages, and answers Graph with 503.');
  if (options.json) terminal.json({ settings: error.details, queues: queues.states });
  else printQueues(terminal, queues.states);
}

const SINK_WORDS = { webhook: 'webhook', eventGrid: 'Event Grid' };

function print(
  terminal: Terminal,
  summary: ServiceSummary & { heldJobs: HeldJobs; unreadableRules: UnreadableRules[] },
  { keys, trustedHosts, sink }: { keys: string; trustedHosts: readonly string[]; sink: SinkDescription | undefined },
): void {
  const { tenants, minutesToNearestExpiry, lastRenewal, foundOnlyBySweep, heldJobs, unreadableRules } = summary;
  const facts = [
    ['tenants', countWords(tenants)],
    ['watches', describeWatches(summary)],
    ['keys', keys],
    ['minutes to nearest expiry', minutesToNearestExpiry === undefined ? 'none' : String(minutesToNearestExpiry)],
    ['last renewal', lastRenewal ?? 'never'],
    ['last sweep', describeSweep(summary)],
    ['jobs found only by the sweep', String(foundOnlyBySweep)],
    ...(heldJobs.count === 0 ? [] : [['held jobs', describeHeldJobs(heldJobs)]]),
    ...(sink === undefined ? [] : [['events are delivered to', `${SINK_WORDS[sink.kind]} ${sink.host}`]]),
    // Outside Microsoft's clouds: the operator should see that credentials are sent there.
    ...(trustedHosts.length === 0 ? [] : [['trusted hosts', trustedHosts.join(', ')]]),
  ];
  terminal.table(['status', ''], facts);
  terminal.print(...describeRules(unreadableRules), ...describeErrors(summary), '');
}

function describeWatches({ watches, watchesOfInactiveTenants }: ServiceSummary): string {
  const inactive = watchesOfInactiveTenants === 0 ? '' : `; ${watchesOfInactiveTenants} of inactive tenants`;
  return countWords(watches) + inactive;
}

function describeSweep({ lastSweep, neverSwept }: ServiceSummary): string {
  if (lastSweep === undefined) return 'never';
  return neverSwept === 0 ? lastSweep : `${lastSweep}; never for ${plural(neverSwept, 'active tenant')}`;
}

function describeRules(unreadable: readonly UnreadableRules[]): string[] {
  const lines = unreadable
    .slice(0, RULES_SHOWN)
    .map((one) => shorten(escapeControls(describeUnreadableRules(one)), RULES_LENGTH));
  const more = unreadable.length - lines.length;
  return more > 0 ? [...lines, `${plural(more, 'more document')} of rules cannot be read: status --json`] : lines;
}

function describeErrors({ tenantErrors }: ServiceSummary): string[] {
  const lines = tenantErrors
    .slice(0, ERRORS_SHOWN)
    .map(({ tenantId, error }) => `error of ${tenantId}: ${shorten(escapeControls(error))}`);
  const more = tenantErrors.length - lines.length;
  if (more > 0) lines.push(`${plural(more, 'more tenant')} with errors: status --json`);
  return lines;
}

function shorten(text: string, most = ERROR_LENGTH): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
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

/** Summarizes `tenants` and `watches` at `now` (milliseconds since 1970). */
function summarizeService(seen: {
  tenants: readonly Tenant[];
  watches: readonly Watch[];
  now: number;
}): ServiceSummary {
  const { tenants, watches, now } = seen;
  const byStatus: Record<TenantStatus, number> = { active: 0, paused: 0, removed: 0 };
  for (const { status } of tenants) byStatus[status] += 1;
  const active = tenants.filter(({ status }) => status === 'active');
  const byId = new Map(tenants.map((tenant) => [tenant.tenantId, tenant]));
  const ofActive = watches.filter(({ tenantId }) => byId.get(tenantId)?.status === 'active');
  const byState: Record<WatchState, number> = { live: 0, failing: 0, lapsed: 0, pending: 0 };
  for (const watch of ofActive) byState[watchState(watch, now)] += 1;
  const ends = ofActive
    .map(({ expirationDateTime }) => Date.parse(expirationDateTime ?? ''))
    .filter((end) => end > now);
  const lastRenewal = sorted(watches.map(({ renewedAt }) => renewedAt)).at(-1);
  const lastSweep = sorted(active.map(({ sweptAt }) => sweptAt))[0];
  return {
    tenants: byStatus,
    watches: byState,
    watchesOfInactiveTenants: watches.length - ofActive.length,
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
