import type { RoutedCall } from './graphCall';
import type { Reply } from './reply';
import type { World } from './world';

/**
 * One page of a list with `@odata.nextLink` to the next (concepts/paging.md). The link names the host that the caller
 * used, so that it works through a proxy. It goes on after the last entry shown, so that no entry is skipped or shown twice
 * when others leave the list between two pages.
 */
export function pageOfList<T extends object>(
  call: RoutedCall,
  entries: readonly T[],
  view: (entry: T) => unknown,
): Reply {
  const { world, variants } = call.simulation;
  const after = Number.parseInt(call.query.get('$skiptoken') ?? '0', 10) || 0;
  const rest = entries
    .map((entry) => ({ entry, place: placeOf(world, entry) }))
    .sort((a, b) => a.place - b.place)
    .filter(({ place }) => place > after);
  const shown = rest.slice(0, Math.max(1, variants.pageSize));
  const query = new URLSearchParams(call.query);
  query.set('$skiptoken', String(shown.at(-1)?.place ?? after));
  const base = `${call.origin}${call.version}`;
  return {
    status: 200,
    body: {
      '@odata.context': `${base}/$metadata#${call.path.slice(1)}`,
      value: shown.map(({ entry }) => view(entry)),
      ...(shown.length < rest.length ? { '@odata.nextLink': `${base}${call.path}?${query.toString()}` } : {}),
    },
  };
}

function placeOf(world: World, entry: object): number {
  const known = world.places.get(entry);
  if (known !== undefined) return known;
  const place = world.nextPlace++;
  world.places.set(entry, place);
  return place;
}
