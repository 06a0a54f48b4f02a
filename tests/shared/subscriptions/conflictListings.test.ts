import type { ListedSubscription } from '../../../shared/graph/api/subscriptions';
import type { GraphCall } from '../../../shared/graph/client';
import { createConflictListings, waitingForGraph } from '../../../shared/subscriptions/conflictListings';
import { reconcileWatch } from '../../../shared/subscriptions/reconcileWatch';
import { createFakeClock } from '../../support/createFakeClock';
import { graphError } from '../../support/createFakeGraph';
import { createSubscriptionWorld, PUBLIC_BASE_URL, TENANT } from '../../support/createSubscriptionWorld';

const subscription = (id: string): ListedSubscription => ({
  ...{ id, resource: `print/printers/${id}/jobs`, changeType: 'updated' },
  notificationUrl: `${PUBLIC_BASE_URL}/notifications`,
});
const named = (id: string) => (listed: ListedSubscription) => listed.id === id;

/** Listings of Graph that a test ends one by one. */
function createListings() {
  const clock = createFakeClock();
  const begun: { end: (...ids: string[]) => void; fail: (error: Error) => void }[] = [];
  const read = () =>
    new Promise<ListedSubscription[]>((resolve, reject) => {
      begun.push({ end: (...ids) => resolve(ids.map(subscription)), fail: reject });
    });
  const conflicts = createConflictListings(clock);
  return { clock, begun, find: (id: string) => conflicts.find(TENANT, named(id), read) };
}

describe('the listing of conflicts', () => {
  it('serves all that come while it is read, and for half a minute after', async () => {
    const { clock, begun, find } = createListings();
    const found = ['a', 'b', 'c'].map(find);
    begun[0]?.end('a', 'b', 'c', 'd');
    expect((await Promise.all(found)).flat().map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    clock.advance(29_000);
    expect(await find('d')).toEqual([subscription('d')]);
    expect(begun).toHaveLength(1);
    clock.advance(2_000);
    void find('d');
    expect(begun).toHaveLength(2);
  });

  it('is read once more for those that it does not have: they may be younger', async () => {
    const { begun, find } = createListings();
    const first = find('a');
    const younger = [find('b'), find('c')];
    begun[0]?.end('a');
    await first;
    await new Promise(setImmediate);
    expect(begun).toHaveLength(2);
    begun[1]?.end('a', 'b');
    expect(await Promise.all(younger)).toEqual([[subscription('b')], []]);
    expect(begun).toHaveLength(2);
  });

  it('that fails is an error of those that wait for it, and the next conflict reads again', async () => {
    const { begun, find } = createListings();
    const waiting = [find('a'), find('b')];
    begun[0]?.fail(graphError('unavailable'));
    for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'graphUnavailable' });
    const next = find('a');
    begun[1]?.end('a');
    expect(await next).toEqual([subscription('a')]);
  });
});

it('sixteen creates that a dead run left behind cost one listing, and all are recreated', async () => {
  const world = createSubscriptionWorld();
  const stored = [];
  for (let n = 0; n < 16; n += 1) {
    world.graph.put({ ...subscription(`p-${n}`), tenantId: TENANT });
    stored.push(await world.put({ id: `p-${n}` }));
  }
  const results = await Promise.all(stored.map((one) => reconcileWatch(world.deps, one)));
  expect(results.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 16 }, () => 'created'));
  expect(world.graph.said().filter((said) => said === 'GET /subscriptions')).toHaveLength(1);
});

// concepts/throttling-limits.md: 40 listings in 20 s. A listing from its first page again would never reach the last one.
it('a page that Graph asks to wait for is read after the Retry-After, and no page again', async () => {
  const clock = createFakeClock();
  const asked: string[] = [];
  let throttled = 1;
  const callGraph = ({ path }: GraphCall) => {
    asked.push(path);
    if (path !== 'page-2' || throttled-- <= 0) return Promise.resolve({ status: 200, body: path });
    return Promise.reject(graphError('throttled', 20_000));
  };
  const patient = waitingForGraph(callGraph, clock);
  const before = clock.now();
  for (const path of ['page-1', 'page-2', 'page-3']) {
    await patient({ tenantId: TENANT, method: 'GET', path, permission: '' });
  }
  expect(asked).toEqual(['page-1', 'page-2', 'page-2', 'page-3']);
  expect(clock.now() - before).toBe(20_000);
});

it('a Retry-After of minutes ends the listing', async () => {
  const callGraph = () => Promise.reject(graphError('throttled', 120_000));
  const patient = waitingForGraph(callGraph, createFakeClock());
  const call: GraphCall = { tenantId: TENANT, method: 'GET', path: '/subscriptions', permission: '' };
  await expect(patient(call)).rejects.toMatchObject({ code: 'graphThrottled' });
});
