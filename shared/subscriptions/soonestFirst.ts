import type { Due } from './settleChunk';

/**
 * The same watches, what ends first at the front and what does not say when before that; in their order otherwise.
 * A tenant that Graph throttles never comes to the end of its list: in the order of the table the same rows would be left
 * out by every run until they lapse.
 */
export function soonestFirst(due: readonly Due[]): Due[] {
  return due
    .map((each) => ({ each, end: endOf(each) }))
    .sort((a, b) => a.end - b.end)
    .map(({ each }) => each);
}

function endOf({ stored }: Due): number {
  return Date.parse(stored.watch.expirationDateTime ?? '') || 0;
}
