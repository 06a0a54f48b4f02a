import { orderByNeed } from '../../../shared/subscriptions/orderByNeed';
import type { StoredWatch, Watch } from '../../../shared/watches/watches';

const NOW = Date.parse('2026-11-22T12:00:00.000Z');
const HOUR = 60 * 60_000;
const at = (hours: number) => new Date(NOW + hours * HOUR).toISOString();

function row(id: string, fields: Partial<Watch> = {}): StoredWatch {
  const watch: Watch = {
    tenantId: 't',
    kind: 'jobFetchable',
    id,
    since: at(-1_000),
    wanted: true,
    generation: 0,
    failures: 0,
    ...fields,
  };
  return { watch, etag: '' };
}
/** Served, due for its hourly PATCH, with `hours` left. */
const ends = (id: string, hours: number, fields: Partial<Watch> = {}) =>
  row(id, { subscriptionId: id, renewedAt: at(-2), expirationDateTime: at(hours), ...fields });
const failed = { lastError: 'Graph did not answer', failures: 1, nextTryAt: at(-0.1) };

const ids = (...rows: StoredWatch[]) =>
  orderByNeed([{ tenantId: 't', rows }], NOW)[0]?.rows.map(({ watch }) => watch.id);

describe('the watches of a tenant', () => {
  it('come by what ends first, without a subscription before all, not due last', () => {
    const fresh = row('fresh', { subscriptionId: 's', renewedAt: at(-0.5), expirationDateTime: at(69) });
    expect(ids(fresh, ends('late', 60), row('none'), ends('soon', 2), ends('ended', -1))).toEqual([
      ...['none', 'ended', 'soon', 'late'],
      'fresh',
    ]);
  });

  it('come after the others when they failed last time, but before what is not due', () => {
    const waiting = ends('waiting', 1, { ...failed, nextTryAt: at(1) });
    expect(ids(waiting, ends('failed', 1, failed), ends('healthy', 60))).toEqual([
      ...['healthy', 'failed'],
      'waiting',
    ]);
  });

  it('come first by expiry also when it cannot be read', () => {
    expect(ids(ends('soon', 1), ends('unread', 9, { expirationDateTime: 'soon' }))).toEqual([
      'unread',
      'soon',
    ]);
  });
});

describe('tenants', () => {
  it('come by the first of their watches, those with a failure later, those with nothing to do last', () => {
    const tenants = [
      { tenantId: 'idle', rows: [] },
      { tenantId: 'failing', rows: [ends('a', 1), ends('b', 50, failed)] },
      { tenantId: 'late', rows: [ends('c', 60)] },
      { tenantId: 'soon', rows: [ends('d', 65), ends('e', 3)] },
    ];
    expect(orderByNeed(tenants, NOW).map(({ tenantId }) => tenantId)).toEqual([
      ...['soon', 'late', 'failing'],
      'idle',
    ]);
  });

  it('keep their order when nothing tells them apart', () => {
    const tenants = ['a', 'b', 'c'].map((tenantId) => ({ tenantId, rows: [row(tenantId)] }));
    expect(orderByNeed(tenants, NOW).map(({ tenantId }) => tenantId)).toEqual(['a', 'b', 'c']);
  });
});
