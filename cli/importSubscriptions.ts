import { InvalidArgumentError } from 'commander';
import { createPace, eachBounded } from '../shared/concurrency';
import { ReceiverError } from '../shared/errors';
import { listSubscriptions, type ListedSubscription } from '../shared/graph/api/subscriptions';
import { parseId } from '../shared/parse';
import { checkPublicBaseUrl } from '../shared/settings/addresses';
import { callOf, isHeld, notificationUrlOf, resourceOf } from '../shared/subscriptions/plan';
import type { SubscriptionDeps } from '../shared/subscriptions/record';
import type { Tenant } from '../shared/tenants/tenants';
import { hasSubscription, newWatch, type Watch, type WatchKey } from '../shared/watches/watches';
import { notListed } from './arguments';
import type { CliContext } from './context';
import { plural, warn, type JsonOption } from './output';
import { storePrinterName } from './printerNames';
import { reconcileAndSweep, reportSummary } from './reconcile';
import { startOf, type Since } from './since';

export interface ImportOptions extends JsonOption {
  tenant?: string;
  formerUrl: readonly string[];
  since: Since;
}

/** A subscription that Graph lists, and what was done about it. */
interface ImportResult {
  tenantId: string;
  subscriptionId: string;
  resource: string;
  /**
   * `imported`: a watch was written for it. `known`: a watch has it already. `otherUrl`: its notifications go elsewhere.
   * `otherResource`: it is for none of our events. `removed`: an operator has removed the watch. `superseded`: the watch has
   * another subscription. `busy`: another run is working on the watch.
   */
  result: 'imported' | 'known' | 'otherUrl' | 'otherResource' | 'removed' | 'superseded' | 'busy';
  /** Where its notifications go, for `otherUrl`. The rest of the URL may hold a secret. */
  host?: string;
}

/** Listings side by side. */
const TENANTS_AT_ONCE = 4;
/** Half of Graph's 40 listings in 20 s per app (concepts/throttling-limits.md). The app lists too. */
const LISTINGS = { most: 20, windowMs: 20_000 };

/** The value of `--former-url`, which may be repeated. */
export function formerUrlArgument(value: string, former: readonly string[]): string[] {
  const checked = checkPublicBaseUrl(value);
  if ('problem' in checked) throw new InvalidArgumentError(`It ${checked.problem}.`);
  return [...former, checked.value];
}

/**
 * `subscriptions import`: after the loss of the table Subscriptions, writes a watch for each subscription that Graph lists,
 * and replaces the subscription, because the listing hides its clientState (api/subscription-list.md). The row names the old
 * subscription first and no key, so that a run of the app finishes the work of an import that ends early.
 */
export async function importVerb(context: CliContext, options: ImportOptions): Promise<void> {
  const { terminal, logger, markFailed } = context;
  const deps = { ...(await (await context.services()).subscriptions()), logger };
  const tenants = await chooseTenants(context, deps, options.tenant);
  const now = new Date(deps.clock.now()).toISOString();
  const request = {
    ourUrls: [deps.config.publicBaseUrl, ...options.formerUrl].map((publicBaseUrl) =>
      notificationUrlOf({ publicBaseUrl }),
    ),
    since: startOf(options.since, deps.clock.now()),
    now,
  };
  const results: ImportResult[] = [];
  const failures: { tenantId: string; error: string }[] = [];
  const pace = createPace(deps.clock, LISTINGS);
  await eachBounded(TENANTS_AT_ONCE, tenants, async ({ tenantId }) => {
    await pace(1);
    try {
      for (const listed of await listAll(deps, tenantId)) {
        results.push(await importOne(context, deps, { tenantId, listed, ...request }));
      }
    } catch (error) {
      if (!(error instanceof ReceiverError)) throw error;
      failures.push({ tenantId, error: error.message });
    }
  });
  if (!options.json) printResults(context, results, tenants.length);
  for (const { tenantId, error } of failures) terminal.error(`${tenantId}: ${error}`);
  if (failures.length > 0) markFailed();
  const { tenant } = options;
  const summary = await reconcileAndSweep(context, { retryNow: true, ...(tenant === undefined ? {} : { tenant }) });
  if (options.json) terminal.json({ subscriptions: results, failures, reconciled: summary });
  reportSummary(context, summary, options);
}

async function chooseTenants(context: CliContext, { tenants }: SubscriptionDeps, only?: string): Promise<Tenant[]> {
  if (only !== undefined) {
    const tenant = await tenants.get(only);
    if (!tenant || tenant.status === 'removed') throw notListed(only, tenant !== undefined);
    return [tenant];
  }
  const listed: Tenant[] = [];
  for await (const tenant of tenants.list(warn(context.terminal))) {
    if (tenant.status !== 'removed') listed.push(tenant);
  }
  return listed;
}

/** All pages first: a listing that fails half-way is repeated as a whole. */
async function listAll(deps: SubscriptionDeps, tenantId: string): Promise<ListedSubscription[]> {
  const listed: ListedSubscription[] = [];
  const paging = { ...deps.config, callGraph: deps.callGraph };
  for await (const one of listSubscriptions(paging, callOf({ tenantId, kind: 'jobFetchable' }))) listed.push(one);
  return listed;
}

interface Import {
  tenantId: string;
  listed: ListedSubscription;
  ourUrls: readonly string[];
  /** Jobs created since then get their events; ISO 8601. */
  since: string;
  now: string;
}

async function importOne(context: CliContext, deps: SubscriptionDeps, one: Import): Promise<ImportResult> {
  const { tenantId, listed, ourUrls } = one;
  const { id: subscriptionId, resource, notificationUrl } = listed;
  const named = { tenantId, subscriptionId, resource };
  const key = watchKeyOf(tenantId, listed);
  if (!key) return { ...named, result: 'otherResource' };
  if (!ourUrls.includes(notificationUrl)) {
    const host = URL.canParse(notificationUrl) ? new URL(notificationUrl).host : 'another address';
    return { ...named, result: 'otherUrl', host };
  }
  const result = await writeWatch(deps, key, one);
  if (result === 'imported') await storePrinterName(context, newWatch({ ...key, since: one.now }));
  return { ...named, result };
}

async function writeWatch({ watches }: SubscriptionDeps, key: WatchKey, one: Import): Promise<ImportResult['result']> {
  const stored = await watches.get(key);
  if (!stored) {
    if (await watches.getRecord(key)) return 'removed';
    // Its generation comes from the time of the import: those before may have been revoked.
    const watch = { ...newWatch({ ...key, since: one.now }), since: one.since };
    return (await watches.add(withListedSubscription(watch, one))) ? 'imported' : 'busy';
  }
  if (hasSubscription(stored.watch)) return stored.watch.subscriptionId === one.listed.id ? 'known' : 'superseded';
  if (isHeld(stored.watch)) return 'busy';
  return (await watches.save(withListedSubscription(stored.watch, one), stored.etag)) === undefined
    ? 'busy'
    : 'imported';
}

/**
 * The watch with the listed subscription. Without the key of its clientState and without an expiry it is replaced, and not
 * renewed.
 */
function withListedSubscription(watch: Watch, { listed, now }: Import): Watch {
  const { notificationUrl, resource, changeType } = listed;
  const { lastError: _lastError, nextTryAt: _nextTryAt, ...row } = watch;
  return {
    ...row,
    status: 'active',
    subscriptionId: listed.id,
    expirationDateTime: '',
    keyId: undefined,
    keyCheck: undefined,
    notificationUrl,
    resource,
    changeType,
    sweepWanted: now,
  };
}

const RESOURCE = /^\/?print\/(printers|taskDefinitions)\/([^/]+)\/(?:jobs|tasks)$/i;

/** The watch of such a subscription. Graph may return the resource with a leading slash and in another case. */
function watchKeyOf(tenantId: string, listed: ListedSubscription): WatchKey | undefined {
  const [, collection = '', rawId = ''] = RESOURCE.exec(listed.resource) ?? [];
  const id = parseId(rawId);
  if (id === undefined) return undefined;
  const kind = collection.toLowerCase() === 'printers' ? 'jobFetchable' : 'jobStarted';
  const { resource, changeType } = resourceOf({ kind, id });
  const isSame = listed.resource.replace(/^\//, '').toLowerCase() === resource.toLowerCase();
  return isSame && listed.changeType === changeType ? { tenantId, kind, id } : undefined;
}

function printResults({ terminal }: CliContext, results: readonly ImportResult[], tenants: number): void {
  const rows = results.map(({ tenantId, resource, result, host }) => [
    tenantId,
    resource,
    host === undefined ? result : `${result}: ${host}`,
  ]);
  if (rows.length > 0) terminal.table(['tenant', 'resource', 'result'], rows);
  const imported = results.filter(({ result }) => result === 'imported').length;
  terminal.print(
    `${plural(results.length, 'subscription')} of ${plural(tenants, 'customer')} at Graph, ${imported} imported.`,
  );
  if (results.some(({ result }) => result === 'otherUrl')) {
    terminal.note('Subscriptions of this app for its former address are imported with --former-url <PUBLIC_BASE_URL>.');
  }
}
