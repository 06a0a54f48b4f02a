import { createTenantShare } from '../../../shared/jobs/tenantShare';

test('one tenant takes 4 places of an instance, whatever the others take', () => {
  const share = createTenantShare();
  const entered = Array.from({ length: 24 }, () => share.enter('t1'));
  expect(entered.filter(Boolean)).toHaveLength(4);
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
