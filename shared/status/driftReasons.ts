import { plural } from '../plural';
import { LOST_TRIGGER_MS, parseLostTriggers } from '../tenants/lostTriggers';
import type { Tenant } from '../tenants/tenants';
import { watchState, type Watch, type WatchKey } from '../watches/watches';
import type { StoredRows } from './summary';

/** A reason for attention, as `findReasons` returns them. */
interface Drift {
  reason: 'printerGone' | 'definitionGone' | 'triggersLost';
  problem: string;
  next: string;
}

/** What has changed at Graph, by active customer: printers and definitions that are gone, and lost triggers. */
export function driftReasons({ tenants, watches, now }: StoredRows): Drift[] {
  const active = tenants.filter(({ status }) => status === 'active');
  const gone = watches.filter(({ wanted, status }) => wanted && status === 'gone');
  return active.flatMap((tenant) => {
    const goneOf = (state: Drift['reason']) =>
      gone.filter((watch) => watch.tenantId === tenant.tenantId && watchState(watch, now) === state);
    return [
      ...goneReasons('printerGone', goneOf('printerGone')),
      ...goneReasons('definitionGone', goneOf('definitionGone')),
      ...triggerReasons(tenant, now),
    ];
  });
}

/** Printers in one sentence. `fleet plan` lists all. */
const MOST_NAMED = 5;

const WORDS = { printerGone: 'printer', definitionGone: 'task definition' };

function goneReasons(reason: 'printerGone' | 'definitionGone', [first, ...others]: readonly Watch[]): Drift[] {
  if (!first) return [];
  const { tenantId } = first;
  const count = plural(others.length + 1, WORDS[reason]);
  const isOne = others.length === 0;
  return [
    {
      reason,
      problem: `${count} of customer ${tenantId} ${isOne ? 'is' : 'are'} watched and no longer ${isOne ? 'exists' : 'exist'} at Graph`,
      next: isOne ? `subscriptions remove ${watchOptions(first)}` : `subscriptions list --tenant ${tenantId}`,
    },
  ];
}

/** The options that name a watch on the command line. */
export function watchOptions({ tenantId, kind, id }: WatchKey): string {
  return `--tenant ${tenantId} --${kind === 'jobStarted' ? 'definition' : 'printer'} ${id}`;
}

function triggerReasons({ tenantId, lostTriggers }: Tenant, now: number): Drift[] {
  const known = [...parseLostTriggers(lostTriggers)];
  const lost = known.flatMap(([id, at]) => (now - Date.parse(at) < LOST_TRIGGER_MS ? [id] : []));
  if (lost.length === 0) return [];
  const named = [...lost.slice(0, MOST_NAMED), ...(lost.length > MOST_NAMED ? ['…'] : [])].join(', ');
  const problem = `${plural(lost.length, 'printer')} of customer ${tenantId} printed jobs without a task of the app, because a trigger was deleted or replaced: ${named}`;
  return [{ reason: 'triggersLost', problem, next: `fleet plan --tenant ${tenantId}` }];
}
