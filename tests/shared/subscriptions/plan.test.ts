import { plan, waitsUntil, type PlanOptions } from '../../../shared/subscriptions/plan';
import type { Watch } from '../../../shared/watches/watches';

const NOW = Date.parse('2026-11-22T12:00:00.000Z');
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();
const none: Watch = {
  tenantId: 't',
  kind: 'jobStarted',
  id: 'd',
  since: at(-10_000),
  wanted: true,
  generation: 0,
  failures: 0,
};
/** Renewed `minutes` ago, with the 4,200 minutes that are asked for. */
const renewed = (minutes: number): Watch => ({
  ...none,
  subscriptionId: 's',
  renewedAt: at(-minutes),
  expirationDateTime: at(4_200 - minutes),
});

describe('plan (a PATCH about once an hour)', () => {
  const cases: [string, Watch, PlanOptions, string][] = [
    ['a watch without a subscription is created', none, {}, 'create'],
    ['a watch nobody wants any more is left alone', { ...none, wanted: false }, {}, 'nothing'],
    ['renewed 59 minutes ago: not due', renewed(59), {}, 'nothing'],
    ['renewed an hour ago: due', renewed(60), {}, 'renew'],
    ['renewed two days ago: due', renewed(2_880), {}, 'renew'],
    ['renewed just now, but asked for', renewed(0), { asked: true }, 'renew'],
    ['a row that does not say when it was renewed', { ...none, subscriptionId: 's' }, {}, 'renew'],
    ['waiting after a failure, not created', { ...none, nextTryAt: at(1), lastError: 'x' }, {}, 'nothing'],
    [
      'waiting after a failure, not renewed',
      { ...renewed(60), nextTryAt: at(1), lastError: 'x' },
      {},
      'nothing',
    ],
    ['waiting, not even when asked', { ...renewed(60), nextTryAt: at(1) }, { asked: true }, 'nothing'],
    ['the waiting is over', { ...renewed(60), nextTryAt: at(0), lastError: 'x' }, {}, 'renew'],
    ['a time that cannot be read is no wait', { ...renewed(60), nextTryAt: 'soon' }, {}, 'renew'],
    [
      'a person has corrected the cause',
      { ...none, nextTryAt: at(30), lastError: 'x' },
      { retryNow: true },
      'create',
    ],
    ['a create under way is not overridden', { ...none, nextTryAt: at(3) }, { retryNow: true }, 'nothing'],
    [
      'renewed a minute ago, with an expiry that cannot be read',
      { ...none, subscriptionId: 's', renewedAt: at(-1) },
      {},
      'nothing',
    ],
    [
      'Graph granted 45 minutes only (resources/subscription.md): before they end',
      { ...renewed(10), expirationDateTime: at(35) },
      {},
      'renew',
    ],
    [
      'Graph granted 45 minutes only: but not twice in 10 minutes',
      { ...renewed(9), expirationDateTime: at(36) },
      {},
      'nothing',
    ],
  ];
  it.each(cases)('%s', (_name, watch, options, expected) => {
    expect(plan(watch, NOW, options)).toBe(expected);
  });

  it('needs no options', () => {
    expect(plan(none, NOW)).toBe('create');
  });

  it('tells until when a watch waits', () => {
    expect(waitsUntil({ ...none, nextTryAt: at(5) }, NOW)).toBe(NOW + 300_000);
    expect(waitsUntil(none, NOW)).toBeUndefined();
  });
});
