import { eachBounded } from '../../shared/concurrency';
import type { WatchKey } from '../../shared/watches/watches';
import { startFlow, type Flow } from '../support/startFlow';

const MINUTE = 60_000;
const TENANTS = 3;
/** A thousand, as many for each tenant. */
const WATCHES = 1_002;
/** Printers made side by side. */
const AT_ONCE = 8;
/** What the app asks for: 30 minutes under Graph's maximum of 4,230 (concepts/change-notifications-overview.md). */
const LIFETIME_MS = 4_200 * MINUTE;
/** As the timer of renewSubscriptions. */
const RUN_EVERY_MS = 10 * MINUTE;
/** So many runs are left before all would lapse. */
const RUNS = 6;
const REFUSED = 0.3;
/** Waited out in place some hundred times: most of the time of this test is a multiple of it. */
const RETRY_AFTER_S = 0.4;

describe('many renewals through the built app', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ clock: true, seed: 4711 });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const renew = () => flow.runNow('renewSubscriptions');
  const subscriptions = () => flow.control.subscriptions();
  const idsOf = (live: Awaited<ReturnType<typeof subscriptions>>) =>
    live.map(({ id, tenantId, resource }) => `${tenantId} ${resource} ${id}`).sort();
  const addWatches = async (count: number): Promise<WatchKey[]> => {
    const { tenantId } = await flow.onboard([]);
    const watches = await flow.services.watches();
    const keys: WatchKey[] = [];
    await eachBounded(AT_ONCE, Array.from({ length: count }), async () => {
      const { id } = await flow.control.createPrinter(tenantId);
      const key: WatchKey = { tenantId, kind: 'jobFetchable', id };
      const since = new Date().toISOString();
      await watches.add({ ...key, since, wanted: true, generation: 0, failures: 0 });
      keys.push(key);
    });
    return keys;
  };

  it('an hour before their end Graph refuses 30 %: none lapses, and no call comes before a Retry-After ended', async () => {
    const keys: WatchKey[] = [];
    while (keys.length < WATCHES) keys.push(...(await addWatches(WATCHES / TENANTS)));
    await renew();
    const made = await subscriptions();
    expect(made).toHaveLength(WATCHES);

    // The clock jumps over what is left of a Retry-After, and over the window of Graph's own limits.
    await flow.control.setVariants({ throttlingClock: 'date' });
    flow.cloud.clock?.move(LIFETIME_MS - RUNS * RUN_EVERY_MS);
    // Calls of the batch, and batches as a whole.
    await flow.control.addFault({
      pathPattern: '/subscriptions|/\\$batch$',
      count: -1,
      rate: REFUSED,
      action: { type: 'status', status: 429, retryAfterSeconds: RETRY_AFTER_S },
    });
    for (let run = 0; run < RUNS; run += 1) {
      await renew();
      flow.cloud.clock?.move(RUN_EVERY_MS);
    }
    const kept = await subscriptions();
    expect(idsOf(kept)).toEqual(idsOf(made));
    const end = LIFETIME_MS - (RUNS + 1) * RUN_EVERY_MS;
    expect(Math.min(...kept.map(({ expiresAt }) => expiresAt)) - flow.clock.now()).toBeGreaterThan(end);
    const watches = await flow.services.watches();
    const stored = await Promise.all(keys.map((key) => watches.get(key)));
    expect(stored.filter((row) => row?.watch.lastError !== undefined)).toEqual([]);
    expect(stored.map((row) => row?.watch.subscriptionId).sort()).toEqual(kept.map(({ id }) => id).sort());

    const [fault] = await flow.control.faults();
    expect(fault?.acted).toBeGreaterThan(WATCHES / 5);
    expect(await flow.control.violations()).toEqual([]);
  }, 300_000);
});
