import { createCache } from '../../shared/cache';
import { createFakeClock } from '../support/createFakeClock';

it('drops the entry that was not used for longest', () => {
  const cache = createCache<number>({ most: 2, clock: createFakeClock() });
  cache.set('a', 1);
  cache.set('b', 2);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3);
  expect(cache.get('b')).toBeUndefined();
  expect([cache.get('a'), cache.get('c')]).toEqual([1, 3]);
});

it('forgets an entry after its time on the given clock', () => {
  const clock = createFakeClock();
  const cache = createCache<string>({ most: 2, keepMs: 60_000, clock });
  cache.set('a', 'x');
  clock.advance(60_000);
  expect(cache.get('a')).toBe('x');
  clock.advance(1);
  expect(cache.get('a')).toBeUndefined();
});
