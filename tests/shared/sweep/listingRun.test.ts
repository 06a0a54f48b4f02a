import { createListingRun, LISTINGS_AT_ONCE } from '../../../shared/sweep/listingRun';
import { emptySweep } from '../../../shared/sweep/sweepRun';
import { createCapturedLogger } from '../../support/createCapturedLogger';
import { createFakeClock } from '../../support/createFakeClock';
import { graphError } from '../../support/createFakeGraph';

/** Milliseconds from one listing of a tenant to the next, when `listings` are to come. */
async function gapOf(listings: number, spreadMs: number): Promise<number> {
  const clock = createFakeClock();
  const deps = { clock, logger: createCapturedLogger() };
  const run = createListingRun(deps, emptySweep({ tenantId: 'tenant', status: 'active' }), {
    spreadMs: () => spreadMs,
  });
  run.expect(listings);
  const before = clock.now();
  await run.pause(1, LISTINGS_AT_ONCE);
  return (clock.now() - before) / LISTINGS_AT_ONCE;
}

const MINUTE = 60_000;

it.each([
  ['a small tenant at once', 60, Infinity, 0],
  ['a large one 20 in a second', 61, Infinity, 50],
  ['a very large one within four minutes', 9_600, Infinity, 25],
  ['within its share of the run, when that is shorter', 2_400, MINUTE, 25],
  ['at once, when nothing is left of the run', 2_400, 0, 0],
])('spreads the listings of %s', async (_name, listings, spreadMs, gapMs) => {
  expect(await gapOf(listings, spreadMs)).toBe(gapMs);
});

describe('a tenant that let nothing in', () => {
  type Failure = 'forbidden' | 'unavailable' | 'notFound';
  const runOf = async (failures: Failure[]) => {
    const deps = { clock: createFakeClock(), logger: createCapturedLogger() };
    const sweep = emptySweep({ tenantId: 'tenant', status: 'active' });
    const run = createListingRun(deps, sweep, { spreadMs: () => 0 });
    for (const kind of failures) await run.attempt(kind, () => Promise.reject(graphError(kind)));
    return { run, sweep };
  };

  it.each<{ failures: Failure[]; outcome: string }>([
    { failures: ['forbidden'], outcome: 'refused' },
    { failures: ['forbidden', 'unavailable'], outcome: 'postponed' },
    { failures: ['unavailable', 'forbidden', 'forbidden'], outcome: 'postponed' },
    { failures: ['unavailable'], outcome: 'postponed' },
  ])('has $outcome after $failures, settled or given up', async ({ failures, outcome }) => {
    for (const end of ['settle', 'giveUp'] as const) {
      const { run, sweep } = await runOf(failures);
      expect(sweep.outcome).toBe('swept');
      run[end]();
      expect(sweep.outcome).toBe(outcome);
    }
  });

  it('has not refused with the fourth 403 either when Graph could not serve another listing', async () => {
    const four: Failure[] = ['forbidden', 'forbidden', 'forbidden', 'forbidden'];
    expect((await runOf(four)).sweep.outcome).toBe('refused');
    expect((await runOf(['unavailable', ...four])).sweep.outcome).toBe('postponed');
  });

  it('is swept after a 404, which needs a permission', async () => {
    const { run, sweep } = await runOf(['forbidden', 'unavailable', 'notFound']);
    run.settle();
    expect(sweep.outcome).toBe('swept');
  });
});

describe('listings that Graph cannot serve', () => {
  const start = () => {
    const deps = { clock: createFakeClock(), logger: createCapturedLogger() };
    const sweep = emptySweep({ tenantId: 'tenant', status: 'active' });
    const run = createListingRun(deps, sweep, { spreadMs: () => 0 });
    const fail = async (times: number) => {
      for (let n = 0; n < times; n += 1) {
        await run.attempt('bad', () => Promise.reject(graphError('unavailable')));
      }
    };
    return { sweep, run, fail, serve: () => run.attempt('good', () => Promise.resolve('served')) };
  };

  it('end nothing as long as one in four is served', async () => {
    const { sweep, fail, serve } = start();
    for (let round = 0; round < 5; round += 1) {
      await fail(3);
      expect(await serve()).toBe('served');
    }
    expect(sweep.outcome).toBe('swept');
  });

  it('four in a row keep the fifth from being started, and only then postpone the tenant', async () => {
    const { sweep, fail, serve } = start();
    await serve();
    await fail(4);
    expect(sweep).toMatchObject({ outcome: 'swept', listings: 5 });
    expect(await serve()).toBeUndefined();
    expect(sweep).toMatchObject({ outcome: 'postponed', listings: 5 });
  });

  it('say nothing of those of another kind', async () => {
    const { sweep, run, fail, serve } = start();
    await serve();
    await fail(5);
    run.beginKind();
    await fail(3);
    expect(await serve()).toBe('served');
    // One of the first kind was left out.
    expect(sweep).toMatchObject({ outcome: 'postponed', listings: 9 });
  });

  it('unless nothing was served at all', async () => {
    const { sweep, run, fail, serve } = start();
    await fail(4);
    run.beginKind();
    expect(await serve()).toBeUndefined();
    expect(sweep).toMatchObject({ outcome: 'postponed', listings: 4 });
  });
});
