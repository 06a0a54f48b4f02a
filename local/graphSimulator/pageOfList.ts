import type { RoutedCall } from './graphCall';
import type { Reply } from './reply';

/**
 * One page of a list with `@odata.nextLink` to the next (concepts/paging.md). The link names the host that the caller
 * used, so that it works through a proxy.
 */
export function pageOfList<T>(call: RoutedCall, entries: readonly T[], view: (entry: T) => unknown): Reply {
  const start = Number.parseInt(call.query.get('$skiptoken') ?? '0', 10) || 0;
  const end = start + Math.max(1, call.simulation.variants.pageSize);
  const query = new URLSearchParams(call.query);
  query.set('$skiptoken', String(end));
  const base = `${call.origin}${call.version}`;
  return {
    status: 200,
    body: {
      '@odata.context': `${base}/$metadata#${call.path.slice(1)}`,
      value: entries.slice(start, end).map(view),
      ...(end < entries.length ? { '@odata.nextLink': `${base}${call.path}?${query.toString()}` } : {}),
    },
  };
}
