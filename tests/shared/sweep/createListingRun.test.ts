import { createListingRun, LISTINGS_AT_ONCE } from '../../../shared/sweep/createListingRun';
import { emptySweep } from '../../../shared/sweep/tenantSweep';
import { createCapturedLogger } from '../../support/createCapturedLogger';
import { createFakeClock } from '../../support/createFakeClock';

/** Milliseconds from one listing of a tenant to the next, when `listings` are to come. */
async function gapOf(listings: number, spreadMs: number): Promise<number> {
  const clock = createFakeClock();
  const deps = { clock, logger: createCapturedLogger() };
  const run = createListingRun(deps, emptySweep({ tenantId: 'tenant', status: 'active' }), {
    spreadMs: () => spreadMs,
  });
  run.expect(listings);
  const before = clock.now();
  await run.attempt('one', () => Promise.resolve());
  return (clock.now() - before) / LISTINGS_AT_ONCE;
}

const MINUTE = 60_000;

it.each([
  ['a small tenant at once', 60, Infinity, 0],
  ['a large one a quarter of a second apart', 61, Infinity, 250],
  ['a very large one within four minutes', 2_400, Infinity, 100],
  ['within its share of the run, when that is shorter', 2_400, MINUTE, 25],
  ['at once, when nothing is left of the run', 2_400, 0, 0],
])('spreads the listings of %s', async (_name, listings, spreadMs, gapMs) => {
  expect(await gapOf(listings, spreadMs)).toBe(gapMs);
});
