import { createRequestRenewal } from '../../../shared/subscriptions/renewalRequests';
import { createFakeClock } from '../../support/createFakeClock';
import { createMemoryQueue } from '../../support/memoryQueue';

const START = Date.parse('2026-11-22T00:00:00.000Z');
const WATCH = { tenantId: 'tenant', kind: 'jobStarted', id: 'definition' } as const;
const MINUTE = 60_000;

test('requests a renewal through the queue, in the form of the contract', async () => {
  const queue = createMemoryQueue();
  await createRequestRenewal({ queue, clock: createFakeClock(START) })(WATCH, 'trace');
  expect(queue.sent.map(({ text }) => JSON.parse(text) as unknown)).toEqual([
    {
      event: {
        v: 1,
        kind: 'renew',
        tenantId: 'tenant',
        rowKey: 'jobStarted_definition',
        receivedAt: '2026-11-22T00:00:00.000Z',
        traceparent: 'trace',
      },
    },
  ]);
});

test('requests once in ten minutes for each watch', async () => {
  const queue = createMemoryQueue();
  const clock = createFakeClock(START);
  const request = createRequestRenewal({ queue, clock });
  await request(WATCH, '');
  await request(WATCH, '');
  await request({ ...WATCH, id: 'other' }, '');
  expect(queue.sent).toHaveLength(2);
  clock.advance(10 * MINUTE);
  await request(WATCH, '');
  expect(queue.sent).toHaveLength(3);
});

test('remembers a bounded number of watches', async () => {
  const queue = createMemoryQueue();
  const request = createRequestRenewal({ queue, clock: createFakeClock(START) });
  for (let index = 0; index <= 5_000; index += 1) await request({ ...WATCH, id: String(index) }, '');
  await request({ ...WATCH, id: '0' }, '');
  expect(queue.sent).toHaveLength(5_002);
});
