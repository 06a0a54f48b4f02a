import { keyCheckOf } from '../../../shared/watches/clientState';
import { type PlanOptions, plan, retryAt } from '../../../shared/subscriptions/plan';
import { watchOf, type WatchFields } from '../../support/createSubscriptionWorld';

const NOW = Date.parse('2026-11-22T12:00:00.000Z');
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();
const none: WatchFields = {
  tenantId: 't',
  kind: 'jobStarted',
  id: 'd',
  since: at(-10_000),
  wanted: true,
  generation: 0,
  failures: 0,
};
const URL = 'https://receiver.example/api/notifications';
const SETTINGS = {
  clientStateKeys: [
    { keyId: 'k2', key: Buffer.alloc(32) },
    { keyId: 'k1', key: Buffer.alloc(32) },
  ] as const,
  publicBaseUrl: 'https://receiver.example/api',
  clientId: '99999999-0000-4000-8000-000000000007',
};
const served = { subscriptionId: 's', keyId: 'k2', notificationUrl: URL };
/** Renewed `minutes` ago, with the 4,200 minutes that are asked for. */
const renewed = (minutes: number): WatchFields => ({
  ...none,
  ...served,
  renewedAt: at(-minutes),
  expirationDateTime: at(4_200 - minutes),
});

const revoked: WatchFields = { ...renewed(1), revokedAt: at(0) };

describe('plan (a PATCH about once an hour, and what is replaced)', () => {
  const cases: [string, WatchFields, PlanOptions, string][] = [
    ['a watch without a subscription is created', none, {}, 'create'],
    ['an unwanted watch is removed', { ...none, wanted: false }, {}, 'remove'],
    ['an unwanted one with a subscription is removed', { ...renewed(1), wanted: false }, {}, 'remove'],
    [
      'one whose PATCH failed is retried after the back-off',
      { ...renewed(20), lastError: 'Graph did not answer', nextTryAt: at(-1) },
      {},
      'renew',
    ],
    [
      'one to be replaced is only renewed by an event',
      { ...renewed(60), keyId: 'k0', notificationUrl: 'https://old.example/api/notifications' },
      { onlyRenew: true },
      'renew',
    ],
    ['and not before it is due', { ...renewed(59), keyId: 'k0' }, { onlyRenew: true }, 'nothing'],
    [
      'an unwanted one waits while a run holds it to create its subscription',
      { ...none, wanted: false, heldMs: 60_000 },
      {},
      'nothing',
    ],
    [
      'an unwanted one that was never created needs no call and no wait',
      { ...none, wanted: false, nextTryAt: at(30), retryAfterUntil: at(2), lastError: 'x' },
      {},
      'remove',
    ],
    [
      'an unwanted one with a subscription waits for the end of the back-off',
      { ...renewed(1), wanted: false, nextTryAt: at(30), lastError: 'x' },
      {},
      'nothing',
    ],
    [
      'an unwanted one without a subscription needs no call, also during a Retry-After',
      { ...none, wanted: false, retryAfterUntil: at(2) },
      {},
      'remove',
    ],
    ['its key left the ring: replaced at once', { ...renewed(1), keyId: 'k0' }, {}, 'replace'],
    ['revoked: replaced at once', revoked, {}, 'replace'],
    [
      'PUBLIC_BASE_URL changed: replaced at once',
      { ...renewed(1), notificationUrl: 'https://old.example/api/notifications' },
      {},
      'replace',
    ],
    [
      'its key has another value now: replaced at once',
      { ...renewed(1), keyCheck: keyCheckOf({ keyId: 'k2', key: Buffer.alloc(32, 1) }) },
      {},
      'replace',
    ],
    [
      'its key has the same value',
      { ...renewed(1), keyCheck: keyCheckOf({ keyId: 'k2', key: Buffer.alloc(32) }) },
      {},
      'nothing',
    ],
    ['its key signs no more but verifies: not before its hour', { ...renewed(59), keyId: 'k1' }, {}, 'nothing'],
    ['its key signs no more: replaced in place of its PATCH', { ...renewed(60), keyId: 'k1' }, {}, 'replace'],
    ['its key signs no more, and somebody asked', { ...renewed(1), keyId: 'k1' }, { asked: true }, 'replace'],
    [
      'a replacement waits after its failure',
      { ...renewed(1), keyId: 'k0', nextTryAt: at(1), lastError: 'x' },
      {},
      'nothing',
    ],
    ['renewed 59 minutes ago: not due', renewed(59), {}, 'nothing'],
    ['renewed an hour ago: due', renewed(60), {}, 'renew'],
    ['renewed two days ago: due', renewed(2_880), {}, 'renew'],
    ['renewed just now, but asked for', renewed(0), { asked: true }, 'renew'],
    ['a row that does not say when it was renewed', { ...none, ...served }, {}, 'renew'],
    ['waiting after a failure, not created', { ...none, nextTryAt: at(1), lastError: 'x' }, {}, 'nothing'],
    ['waiting after a failure, not renewed', { ...renewed(60), nextTryAt: at(1), lastError: 'x' }, {}, 'nothing'],
    ['held by another run, even when asked for', { ...renewed(60), heldMs: 60_000 }, { asked: true }, 'nothing'],
    ['the waiting is over', { ...renewed(60), nextTryAt: at(0), lastError: 'x' }, {}, 'renew'],
    ['a time that cannot be read is no wait', { ...renewed(60), nextTryAt: 'soon', lastError: 'x' }, {}, 'renew'],
    ['a person has corrected the cause', { ...none, nextTryAt: at(30), lastError: 'x' }, { retryNow: true }, 'create'],
    [
      'a person has corrected the cause, but Graph asked for a pause (Retry-After)',
      { ...none, nextTryAt: at(30), retryAfterUntil: at(2), lastError: 'x' },
      { retryNow: true, asked: true },
      'nothing',
    ],
    [
      'that pause is over',
      { ...none, nextTryAt: at(30), retryAfterUntil: at(0), lastError: 'x' },
      { retryNow: true },
      'create',
    ],
    [
      'revoked in such a pause, which takes the wait after the failure away',
      { ...revoked, retryAfterUntil: at(2) },
      {},
      'nothing',
    ],
    ['a create in progress is not overridden', { ...none, heldMs: 180_000 }, { retryNow: true }, 'nothing'],
    [
      'renewed a minute ago, with an expiry that cannot be read',
      { ...none, ...served, renewedAt: at(-1) },
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
    expect(plan(watchOf(watch), NOW, SETTINGS, options)).toBe(expected);
  });

  it('needs no options', () => {
    expect(plan(watchOf(none), NOW, SETTINGS)).toBe('create');
  });

  it('computes when a watch may be tried again', () => {
    expect(retryAt(watchOf({ ...none, nextTryAt: at(5), lastError: 'x' }), NOW)).toBe(NOW + 300_000);
    expect(retryAt(watchOf({ ...none, nextTryAt: at(5), retryAfterUntil: at(6), lastError: 'x' }), NOW)).toBe(
      NOW + 360_000,
    );
    expect(retryAt(watchOf({ ...none, heldMs: 420_000 }), NOW)).toBe(NOW + 420_000);
    expect(retryAt(watchOf(none), NOW)).toBeUndefined();
  });
});
