import { driftReasons } from '../../../shared/status/driftReasons';
import { newTenant } from '../../../shared/tenants/tenants';
import type { Watch } from '../../../shared/watches/watches';
import { DEFINITION, MINUTE, PRINTER, START, TENANT } from '../../support/createSubscriptionWorld';

const NOW = Date.parse(START);
const DAY = 24 * 60 * MINUTE;
const ago = (ms: number) => new Date(NOW - ms).toISOString();
const tenant = (lostTriggers?: string) =>
  newTenant({ tenantId: TENANT, name: 'A customer', createdAt: START, ...(lostTriggers ? { lostTriggers } : {}) });
const goneWatch = (id: string, kind: Watch['kind'] = 'jobFetchable'): Watch => ({
  ...{ tenantId: TENANT, kind, id, since: START, wanted: true, generation: 1, failures: 0 },
  status: 'gone',
});
const reasonsOf = (seen: Partial<Parameters<typeof driftReasons>[0]>) =>
  driftReasons({ tenants: [tenant()], watches: [], now: NOW, ...seen });

it('names one printer or definition that is gone with the command that removes its watch', () => {
  const watches = [goneWatch(PRINTER), goneWatch(DEFINITION, 'jobStarted')];
  expect(reasonsOf({ watches }).map(({ reason, next }) => [reason, next])).toEqual([
    ['printerGone', `subscriptions remove --tenant ${TENANT} --printer ${PRINTER}`],
    ['definitionGone', `subscriptions remove --tenant ${TENANT} --definition ${DEFINITION}`],
  ]);
});

it('names the list for several, and nothing for a watch that is being removed', () => {
  const [first, second, removed] = ['p1', 'p2', 'p3'].map((id) => goneWatch(id));
  if (!first || !second || !removed) throw new Error('Three watches');
  const [reason, ...others] = reasonsOf({ watches: [first, second, { ...removed, wanted: false }] });
  expect(reason).toMatchObject({ reason: 'printerGone', next: `subscriptions list --tenant ${TENANT}` });
  expect(reason?.problem).toMatch(/^2 printers of customer/);
  expect(others).toEqual([]);
});

it('names the printers with a lost trigger, five at most, and not those of more than 25 hours ago', () => {
  const lost = Array.from({ length: 7 }, (_, n) => `p${n}@${ago(n === 0 ? DAY + 60 * MINUTE : MINUTE)}`).join(',');
  const [reason] = reasonsOf({ tenants: [tenant(lost)] });
  expect(reason).toMatchObject({ reason: 'triggersLost', next: `fleet plan --tenant ${TENANT}` });
  expect(reason?.problem).toMatch(/^6 printers .*: p1, p2, p3, p4, p5, …$/);
});
