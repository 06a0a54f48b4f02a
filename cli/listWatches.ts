import { InvalidArgumentError } from 'commander';
import { watchOptions } from '../shared/status/driftReasons';
import { parseWatchRowKey, watchRowKey, watchState, type Watch, type WatchKey } from '../shared/watches/watches';
import { usageError } from './arguments';
import type { CliContext } from './context';
import { warn, type JsonOption } from './output';

export const DEFAULT_LIMIT = 200;

export interface ListWatchesOptions extends JsonOption {
  tenant?: string;
  limit?: number;
  /** The last watch of the page before. */
  after?: WatchKey;
}

/**
 * `subscriptions list`: a page of the watches of one customer or of all, in the order of the table. With --json and no
 * --limit it lists all: a script must not take a page for the whole.
 */
export async function listWatches({ terminal, services, now: clock }: CliContext, options: ListWatchesOptions) {
  const { tenant, after, json, limit = json ? Infinity : DEFAULT_LIMIT } = options;
  if (tenant !== undefined && after !== undefined && after.tenantId !== tenant) {
    throw usageError('subscriptions list: --after names a watch of another tenant than --tenant');
  }
  const found: Watch[] = [];
  let hasMore = false;
  const watches = await (await services()).watches();
  for await (const { watch } of watches.list(tenant, warn(terminal))) {
    if (after !== undefined && !isAfter(watch, after)) continue;
    hasMore = found.length === limit;
    if (hasMore) break;
    found.push(watch);
  }
  const now = clock();
  if (json) terminal.json(found.map((watch) => ({ ...watch, state: watchState(watch, now) })));
  else if (found.length > 0) printWatches(terminal, found, now);
  else if (after !== undefined) terminal.print('No watch follows.');
  else terminal.print('Nothing is watched. Add a watch: subscriptions add --tenant <id> --printer <id>');
  const last = found.at(-1);
  if (!hasMore || !last) return;
  const words = ['subscriptions list'];
  if (tenant !== undefined) words.push(`--tenant ${tenant}`);
  if (options.limit !== undefined) words.push(`--limit ${options.limit}`);
  if (json) words.push('--json');
  terminal.note(`More watches follow: ${words.join(' ')} --after ${last.tenantId}/${watchRowKey(last)}`);
}

function printWatches(terminal: CliContext['terminal'], watches: readonly Watch[], now: number): void {
  const rows = watches.map((watch) => [
    watch.tenantId,
    watch.kind,
    watch.id,
    watch.name ?? '',
    watchState(watch, now),
    watch.expirationDateTime ?? '',
    watch.lastError ?? '',
  ]);
  terminal.table(['tenant', 'event', 'of', 'name', 'state', 'expires', 'last error'], rows);
  for (const watch of watches.filter(({ wanted, status }) => wanted && status === 'gone')) {
    const what = watch.kind === 'jobStarted' ? 'definition' : 'printer';
    terminal.note(`Graph has no ${what} ${watch.id}. To remove its watch: subscriptions remove ${watchOptions(watch)}`);
  }
}

/** In the order of the table: by tenant, then by the name of the row. */
function isAfter(watch: Watch, { tenantId, ...after }: WatchKey): boolean {
  if (watch.tenantId !== tenantId) return watch.tenantId > tenantId;
  return watchRowKey(watch) > watchRowKey(after);
}

/** The value of --after. */
export function pageArgument(value: string): WatchKey {
  const [, tenantId = '', rowKey = ''] = /^([^/]+)\/([^/]+)$/.exec(value) ?? [];
  const watch = parseWatchRowKey(rowKey);
  if (!watch) throw new InvalidArgumentError('It must be a tenant and a watch: {tenantId}/jobFetchable_{printerId}.');
  return { tenantId, ...watch };
}
