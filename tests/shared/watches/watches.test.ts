import { HOLD_MS } from '../../../shared/watches/hold';
import {
  createWatches,
  parseWatchRowKey,
  watchRowKey,
  watchState,
  withoutFailure,
  withoutSubscription,
  type Watch,
} from '../../../shared/watches/watches';
import { PRINTER, START, watchOf } from '../../support/createSubscriptionWorld';
import { createFakeClock } from '../../support/createFakeClock';
import { createMemoryTable } from '../../support/memoryTable';

const REMOVAL = { keyIds: 'k1', removedAt: '2026-11-22T00:00:00.000Z' };

const full: Watch = {
  tenantId: 't1',
  kind: 'jobStarted',
  id: 'd1',
  since: '2026-11-22T00:00:00.000Z',
  wanted: false,
  generation: 3,
  keyId: 'k1',
  notificationUrl: 'https://receiver.example/api/notifications',
  subscriptionId: 's1',
  resource: 'print/taskDefinitions/d1/tasks',
  changeType: 'created',
  expirationDateTime: '2026-11-24T22:00:00.000Z',
  renewedAt: '2026-11-22T00:00:00.000Z',
  nextTryAt: '2026-11-22T00:01:00.000Z',
  retryAfterUntil: '2026-11-22T00:00:30.000Z',
  failures: 2,
  status: 'updateFailed',
  lastError: 'words',
  heldMs: HOLD_MS,
  revokedAt: '2026-11-22T00:03:00.000Z',
};
const plain: Watch = {
  tenantId: 't1',
  kind: 'jobFetchable',
  id: 'p1',
  since: '2026-11-22T00:00:00.000Z',
  wanted: true,
  generation: 0,
  failures: 0,
  status: 'pending',
};

async function listAll(listing: AsyncIterable<{ watch: Watch }>): Promise<Watch[]> {
  const found: Watch[] = [];
  for await (const { watch } of listing) found.push(watch);
  return found;
}

describe('the table Subscriptions', () => {
  it('stores a watch under the keys of the contract and reads all of it back', async () => {
    const table = createMemoryTable(createFakeClock());
    const watches = createWatches(table);
    expect(await watches.add(full)).toBe(true);
    expect(await watches.add(plain)).toBe(true);
    expect((await table.get('t1', 'jobStarted_d1'))?.cells).toMatchObject({
      subscriptionId: 's1',
      generation: 3,
    });
    expect((await watches.get(full))?.watch).toEqual(full);
    expect((await watches.get(plain))?.watch).toEqual(plain);
    expect(await watches.get({ ...plain, id: 'other' })).toBeUndefined();
  });

  it('says how long a run still holds a watch, by the clock of the table service alone', async () => {
    const service = createFakeClock(Date.UTC(2000, 0, 1));
    const table = createMemoryTable(service);
    const watches = createWatches(table);
    await watches.add(full);
    service.advance(200_000);
    // The longest create takes 180 s (four calls of 45 s), and 15 s are the margin.
    expect((await watches.get(full))?.watch.heldMs).toBe(55_000);
    expect((await listAll(watches.list()))[0]?.heldMs).toBe(55_000);
    service.advance(55_000);
    expect((await watches.get(full))?.watch.heldMs).toBeUndefined();
    // A time that the service did not say ends no hold.
    const timeless = createWatches({
      ...table,
      get: async (...key) => ({ etag: '', cells: {}, ...(await table.get(...key)), readAt: NaN }),
    });
    expect((await timeless.get(full))?.watch.heldMs).toBe(HOLD_MS);
  });

  it('adds a watch once', async () => {
    const watches = createWatches(createMemoryTable());
    await watches.add(plain);
    expect(await watches.add({ ...plain, failures: 9 })).toBe(false);
    expect((await watches.get(plain))?.watch.failures).toBe(0);
  });

  it('saves and removes only the row that was read', async () => {
    const watches = createWatches(createMemoryTable());
    await watches.add(plain);
    const first = (await watches.get(plain))?.etag ?? '';
    const second = await watches.save({ ...plain, failures: 1 }, first);
    expect(second).toBeDefined();
    expect(await watches.save({ ...plain, failures: 2 }, first)).toBeUndefined();
    expect(await watches.remove({ watch: plain, etag: first }, REMOVAL)).toBe(false);
    expect((await watches.get(plain))?.watch.failures).toBe(1);
    expect(await watches.remove({ watch: plain, etag: second ?? '' }, REMOVAL)).toBe(true);
    expect(await watches.get(plain)).toBeUndefined();
  });

  it('clears the cells that a save leaves out', async () => {
    const watches = createWatches(createMemoryTable(createFakeClock()));
    await watches.add(full);
    const cleared = withoutFailure(full);
    await watches.save(cleared, (await watches.get(full))?.etag ?? '');
    const { watch } = (await watches.get(full)) ?? {};
    expect(watch).toEqual(cleared);
    expect(watch).not.toHaveProperty('lastError');
  });

  it('lists one tenant or all', async () => {
    const watches = createWatches(createMemoryTable());
    for (const watch of [full, plain, { ...plain, tenantId: 't2' }]) await watches.add(watch);
    expect((await listAll(watches.list('t1'))).map(({ id }) => id)).toEqual(['p1', 'd1']);
    expect(await listAll(watches.list())).toHaveLength(3);
  });

  it.each([
    [{ partitionKey: 't1', rowKey: 'nonsense' }],
    [{ partitionKey: 't1', rowKey: 'jobOther_p1' }],
    [{ partitionKey: 't1', rowKey: 'jobFetchable_' }],
    [{ partitionKey: 't1', rowKey: 'jobFetchable_p2' }],
    [{ partitionKey: 't1', rowKey: 'jobFetchable_p2', status: 'unknown' }],
    [{ partitionKey: 't1', rowKey: 'jobFetchable_p2', status: 'active', since: START }],
    [{ partitionKey: 't1', rowKey: 'jobFetchable_p2', status: 'pending' }],
    [{ partitionKey: 't1', rowKey: 'jobFetchable_p2', status: 'pending', since: 'yesterday' }],
  ])('rejects an unreadable row, or reports and skips it: %j', async (row) => {
    const table = createMemoryTable();
    const watches = createWatches(table);
    await watches.add(plain);
    await table.insert(row);
    await expect(listAll(watches.list('t1'))).rejects.toMatchObject({ code: 'rowUnreadable' });
    const reported: string[] = [];
    expect(await listAll(watches.list('t1', ({ code }) => reported.push(code)))).toEqual([plain]);
    expect(reported).toEqual(['rowUnreadable']);
  });

  it('refuses a row without keys', async () => {
    const table = createMemoryTable();
    table.get = () => Promise.resolve({ cells: {}, etag: 'e' });
    await expect(createWatches(table).get(plain)).rejects.toMatchObject({ code: 'rowUnreadable' });
  });
});

describe('the status of a watch', () => {
  const expired = { subscriptionId: 's', expirationDateTime: '2026-11-22T00:00:00.000Z' };
  const valid = { subscriptionId: 's', expirationDateTime: '2026-11-22T00:00:00.001Z' };
  it.each([
    [{}, 'pending', 'pending'],
    [{ lastError: 'x' }, 'createFailed', 'failing'],
    [valid, 'active', 'live'],
    [{ ...valid, lastError: 'x' }, 'updateFailed', 'failing'],
    [expired, 'active', 'lapsed'],
    [{ ...expired, lastError: 'x' }, 'updateFailed', 'lapsed'],
  ])('is shown to operators: %j', (fields, status, state) => {
    const watch = watchOf(fields);
    expect(watch.status).toBe(status);
    expect(watchState(watch, Date.parse('2026-11-22T00:00:00.000Z'))).toBe(state);
  });

  it('follows when a failure or the subscription is cleared', () => {
    const failing = watchOf({
      ...valid,
      lastError: 'x',
      keyId: 'k1',
      notificationUrl: 'u',
      revokedAt: 'now',
    });
    expect(withoutFailure(failing)).toMatchObject({ ...valid, status: 'active' });
    const lost = withoutSubscription(failing);
    expect(lost).toMatchObject({ status: 'createFailed', lastError: 'x', notificationUrl: 'u' });
    expect([lost.subscriptionId, lost.keyId, lost.revokedAt]).toEqual([undefined, undefined, undefined]);
    expect(withoutFailure(lost).status).toBe('pending');
    expect(withoutSubscription(watchOf(valid)).status).toBe('pending');
  });
});

it('formats and parses the name of a watch', () => {
  for (const kind of ['jobStarted', 'jobFetchable'] as const) {
    expect(watchRowKey({ kind, id: PRINTER })).toBe(`${kind}_${PRINTER}`);
    expect(parseWatchRowKey(`${kind}_${PRINTER}`)).toEqual({ kind, id: PRINTER });
    expect(parseWatchRowKey(`${kind}_a_b`)).toEqual({ kind, id: 'a_b' });
  }
});

it.each(['', 'jobStarted', 'jobStarted_', 'other_x', '_x', 'jobStarted_a/b'])('%p names no watch', (rowKey) => {
  expect(parseWatchRowKey(rowKey)).toBeUndefined();
});
