import { createSilence } from '../../../shared/graph/client';
import { createFakeClock } from '../../support/createFakeClock';
import { createSlotsOf, createTenantShare } from '../../../shared/jobs/access';

test('one tenant takes 4 places of an instance, whatever the others take', () => {
  const share = createTenantShare();
  const entered = Array.from({ length: 24 }, () => share.enter('t1'));
  expect(entered.filter(Boolean)).toHaveLength(4);
  expect(share.enter('t2')).toBe(true);
});

test('leaving frees one place', () => {
  const share = createTenantShare(() => 2);
  share.enter('t1');
  share.enter('t1');
  share.leave('t1');
  expect([share.enter('t1'), share.enter('t1')]).toEqual([true, false]);
});

test('leaving without having entered frees no place beyond the share', () => {
  const share = createTenantShare(() => 1);
  share.leave('t1');
  expect([share.enter('t1'), share.enter('t1')]).toEqual([true, false]);
});

describe('a tenant whose calls to Graph get no answer', () => {
  /** Everybody who comes gets in as long as there is room. */
  const fill = (share: ReturnType<typeof createTenantShare>, tenantId: string) =>
    Array.from({ length: 24 }, () => share.enter(tenantId)).filter(Boolean).length;

  test('takes one place until it is answered, and then four again', () => {
    const silence = createSilence(createFakeClock());
    const share = createTenantShare(createSlotsOf(silence));
    silence.unanswered('t1');
    expect([fill(share, 't1'), fill(share, 't2')]).toEqual([1, 4]);
    share.leave('t1');
    silence.answered('t1');
    expect(fill(share, 't1')).toBe(4);
  });

  test('keeps the places it had taken before, and takes none until they are free', () => {
    const silence = createSilence(createFakeClock());
    const share = createTenantShare(createSlotsOf(silence));
    expect(fill(share, 't1')).toBe(4);
    silence.unanswered('t1');
    for (const freed of [1, 2, 3]) {
      share.leave('t1');
      expect([freed, share.enter('t1')]).toEqual([freed, false]);
    }
    share.leave('t1');
    expect(fill(share, 't1')).toBe(1);
  });

  test('eight such tenants leave the host room to fetch more: newBatchThreshold (host.json) is 8', () => {
    const silence = createSilence(createFakeClock());
    const share = createTenantShare(createSlotsOf(silence));
    const tenants = Array.from({ length: 8 }, (_, n) => `t${n}`);
    tenants.forEach((tenantId) => silence.unanswered(tenantId));
    const taken = tenants.reduce((sum, tenantId) => sum + fill(share, tenantId), 0);
    expect(taken).toBeLessThanOrEqual(8);
  });
});
