import {
  type SubscriptionMessage,
  formatSubscriptionMessage,
  parseSubscriptionMessage,
} from '../../../shared/subscriptions/message';
import { SUBSCRIPTION, TENANT_A } from '../../support/notifications';

const base = { tenantId: TENANT_A, receivedAt: '2026-11-22T10:00:00.000Z', traceparent: '00-aa-bb-01' };
const lifecycle: SubscriptionMessage = {
  kind: 'lifecycle',
  ...base,
  tag: 't'.repeat(22),
  lifecycleEvent: 'missed',
  generation: 4,
};

it.each<SubscriptionMessage>([
  lifecycle,
  { ...lifecycle, subscriptionId: SUBSCRIPTION },
  { kind: 'renew', ...base, rowKey: 'jobStarted_x' },
  { kind: 'sweepAll', receivedAt: base.receivedAt, traceparent: base.traceparent },
  { kind: 'sweep', ...base, rowKey: 'jobStarted_x' },
])('comes back from its text as it was: %j', (message) => {
  const value: unknown = JSON.parse(formatSubscriptionMessage(message));
  expect(Object.keys(value as object)).toEqual(['event']);
  expect(parseSubscriptionMessage(value)).toEqual({ message });
});

const event = (replaced: Record<string, unknown>) => ({ event: { v: 1, ...lifecycle, ...replaced } });

it('accepts the previous version', () => {
  expect(parseSubscriptionMessage(event({ v: 0 }))).toEqual({ message: lifecycle });
});

it('puts safe values in place of optional fields of another form', () => {
  const strange = { receivedAt: 1, traceparent: null, generation: 'x', subscriptionId: 7 };
  expect(parseSubscriptionMessage(event(strange))).toEqual({
    message: { ...lifecycle, receivedAt: '', traceparent: '', generation: 0 },
  });
});

it.each([
  ['no object', 7],
  ['no event', { event: null }],
  ['a newer version', event({ v: 2 })],
  ['no tenant', event({ tenantId: 7 })],
  ['a strange kind', event({ kind: 'x' })],
  ['no tag', event({ tag: undefined })],
  ['no lifecycle event', event({ lifecycleEvent: 7 })],
  ['a renewal without its row', event({ kind: 'renew' })],
])('%s is malformed', (_name, value) => {
  expect(parseSubscriptionMessage(value)).toEqual({ malformed: expect.any(String) as string });
});
