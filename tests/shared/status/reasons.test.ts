import { findReasons, type Seen } from '../../../shared/status/reasons';
import { summarizeService } from '../../../shared/status/summary';
import type { QueueState } from '../../../shared/status/queueStates';
import { newTenant, type Tenant } from '../../../shared/tenants/tenants';
import type { Watch } from '../../../shared/watches/watches';
import {
  DEFINITION,
  MINUTE,
  OTHER_TENANT,
  START,
  TENANT,
  watchOf,
  type WatchFields,
} from '../../support/createSubscriptionWorld';

const NOW = Date.parse(START);
const HOUR = 60 * MINUTE;
const ago = (ms: number) => new Date(NOW - ms).toISOString();
const tenant = (fields: Partial<Tenant> = {}) =>
  newTenant({ tenantId: TENANT, name: 'A customer', createdAt: START, sweptAt: ago(10 * MINUTE), ...fields });
/** A watch whose subscription was renewed 50 minutes ago and lives for three days less that. */
const served = (fields: WatchFields = {}) =>
  watchOf({ subscriptionId: 's1', renewedAt: ago(50 * MINUTE), expirationDateTime: ago(-69 * HOUR), ...fields });
const reasonsOf = (seen: Partial<Seen>) =>
  findReasons({
    ...{ tenants: [tenant()], watches: [served()], keys: [], wrongKeys: [], queues: [] },
    ...{ unreadableRules: [], unreadableRows: 0, now: NOW },
    ...seen,
  });

describe('a healthy service has no reason for attention', () => {
  it('with a watch that was renewed within the hour and a sweep of ten minutes ago', () => {
    expect(reasonsOf({})).toEqual([]);
  });

  it('as it is set up: a new customer, a new watch and nothing swept yet', () => {
    const { sweptAt: _sweptAt, ...added } = tenant();
    expect(reasonsOf({ tenants: [added], watches: [watchOf({ since: ago(20 * MINUTE) })] })).toEqual([]);
    expect(reasonsOf({ tenants: [], watches: [] })).toEqual([]);
  });

  it('where Graph grants short subscriptions, as long as each is renewed', () => {
    expect(reasonsOf({ watches: [served({ expirationDateTime: ago(-55 * MINUTE) })] })).toEqual([]);
  });

  it('where only the JobFetchable watch of a paused customer has expired', () => {
    const expired = served({ expirationDateTime: ago(HOUR) });
    expect(reasonsOf({ tenants: [tenant({ status: 'paused' })], watches: [expired] })).toEqual([]);
    const isRemoved = { tenants: [tenant({ status: 'removed', lastError: 'No consent' })], watches: [expired] };
    expect(reasonsOf(isRemoved)).toEqual([]);
  });
});

describe('each reason names the next command', () => {
  const queue = (fields: Partial<QueueState>): QueueState => ({ queue: 'print-archive', waiting: 0, ...fields });
  const key = { keyId: 'k0', role: 'missing', watches: 0, tokens: 2, messages: 1, removable: false } as const;

  it.each<[string, string, string, Partial<Seen>]>([
    [
      'noSubscription',
      'subscriptions reconcile --retry-now',
      'that Graph refused to create',
      { watches: [watchOf({ lastError: 'No' })] },
    ],
    [
      'noSubscription',
      'subscriptions reconcile --retry-now',
      'that was never created',
      { watches: [watchOf({ since: ago(31 * MINUTE) })] },
    ],
    [
      'noSubscription',
      'subscriptions reconcile --retry-now',
      'that has expired',
      { watches: [served({ expirationDateTime: ago(1) })] },
    ],
    [
      'noSubscription',
      'subscriptions reconcile --retry-now',
      'of a definition of a paused customer, whose triggers keep holding jobs',
      {
        tenants: [tenant({ status: 'paused' })],
        watches: [served({ kind: 'jobStarted', id: DEFINITION, expirationDateTime: ago(1) })],
      },
    ],
    ['sweepLate', 'jobs sweep', 'of more than an hour ago', { tenants: [tenant({ sweptAt: ago(61 * MINUTE) })] }],
    ['queueStuck', 'doctor', 'whose message is not taken', { queues: [queue({ oldestWaitingMinutes: 16 })] }],
    ['poison', 'poison list', 'messages', { queues: [queue({ poison: 2 })] }],
    [
      'deadEvents',
      'poison replay --queue print-job-events',
      'that the sink refused',
      { queues: [queue({ queue: 'print-job-events-dead', waiting: 1 })] },
    ],
    ['missingKeys', 'tenants token list', 'of device tokens and messages', { keys: [key] }],
    ['unreadableRows', 'status --json', 'of a table', { unreadableRows: 1 }],
    [
      'tenantRefused',
      `tenants show ${TENANT}`,
      'because consent was withdrawn',
      { tenants: [tenant({ graphAccess: 'refused', lastError: 'No consent' })] },
    ],
    [
      'wrongKeys',
      'subscriptions reconcile',
      'of watches',
      { wrongKeys: [{ tenantId: TENANT, watch: 'w', keyId: 'k0', problem: 'missing' }] },
    ],
    [
      'unreadableRules',
      `rules pull --tenant ${TENANT}`,
      'of one customer',
      {
        unreadableRules: [
          {
            ...{ cause: 'document', blob: `rules/${TENANT}.json`, problem: 'line 1' },
            ...{ tenantIds: [TENANT], onFailure: ['release'] },
          },
        ],
      },
    ],
    [
      'rulesNotDelivered',
      'doctor',
      'because storage does not answer',
      {
        unreadableRules: [
          {
            ...{ cause: 'storage', blob: 'the container config', problem: 'Blob storage did not answer' },
            ...{ tenantIds: [TENANT], onFailure: ['release'] },
          },
        ],
      },
    ],
  ])('%s: %s', (reason, next, _which, seen) => {
    expect(reasonsOf(seen)).toEqual([{ reason, next, problem: expect.stringMatching(/^\S.*[^.]$/) as unknown }]);
  });

  it('expiring and renewalLate: the hourly renewal has failed for two days', () => {
    const watches = [served({ renewedAt: ago(46 * HOUR), expirationDateTime: ago(-23 * HOUR) })];
    expect(reasonsOf({ watches })).toEqual([
      {
        reason: 'expiring',
        problem: '1 subscription could not be renewed, and the first expires in 1380 minutes',
        next: 'subscriptions reconcile --retry-now',
      },
      {
        reason: 'renewalLate',
        problem: 'The last renewal of a subscription was 2760 minutes ago, and each is due every hour',
        next: 'subscriptions reconcile',
      },
    ]);
  });

  it('expiring alone, where other subscriptions are renewed', () => {
    const expiring = served({ id: 'p2', renewedAt: ago(46 * HOUR), expirationDateTime: ago(-23 * HOUR) });
    expect(reasonsOf({ watches: [served(), expiring] }).map(({ reason }) => reason)).toEqual(['expiring']);
  });
});

it('a customer that refuses the app is named once, not with its watches and sweeps too', () => {
  const refusing = tenant({ lastError: 'No consent', sweptAt: ago(5 * HOUR) });
  const other = tenant({ tenantId: OTHER_TENANT });
  const watches = [watchOf({ lastError: 'No consent' }), served({ tenantId: OTHER_TENANT })];
  expect(reasonsOf({ tenants: [refusing, other], watches }).map(({ reason }) => reason)).toEqual(['tenantRefused']);
});

it('what stops notifications comes first', () => {
  const reasons = reasonsOf({
    tenants: [tenant(), tenant({ tenantId: OTHER_TENANT, lastError: 'No consent' })],
    watches: [watchOf({ lastError: 'No' })],
    queues: [{ queue: 'print-archive', waiting: 0, poison: 1 }],
    wrongKeys: [{ tenantId: TENANT, watch: 'w', keyId: 'k0', problem: 'missing' }],
  });
  expect(reasons.map(({ reason }) => reason)).toEqual(['wrongKeys', 'noSubscription', 'poison', 'tenantRefused']);
});

it('a deployment at its largest (docs/scale.md) is judged too', () => {
  // As many arguments are more than a call takes.
  const watches = Array<Watch>(172_800).fill(
    served({ renewedAt: ago(46 * HOUR), expirationDateTime: ago(-23 * HOUR) }),
  );
  expect(reasonsOf({ watches }).map(({ reason }) => reason)).toEqual(['expiring', 'renewalLate']);
  expect(summarizeService({ tenants: [tenant()], watches, now: NOW }).minutesToNearestExpiry).toBe(1_380);
});
