import { createTenantShare } from '../../../shared/jobs/tenantShare';

test('16 of the 24 places of an instance (facts: functions, 4) are the share of one tenant; 8 stay for others', () => {
  const share = createTenantShare();
  const entered = Array.from({ length: 24 }, () => share.enter('t1'));
  expect(entered.filter(Boolean)).toHaveLength(16);
  expect(share.enter('t2')).toBe(true);
});

test('whoever leaves makes room for one', () => {
  const share = createTenantShare(2);
  share.enter('t1');
  share.enter('t1');
  share.leave('t1');
  expect([share.enter('t1'), share.enter('t1')]).toEqual([true, false]);
});

test('leaving without having entered makes no room beyond the share', () => {
  const share = createTenantShare(1);
  share.leave('t1');
  expect([share.enter('t1'), share.enter('t1')]).toEqual([true, false]);
});
