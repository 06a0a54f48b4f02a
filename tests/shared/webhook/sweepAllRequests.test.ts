import { randomBytes } from 'node:crypto';
import { parseSubscriptionMessage } from '../../../shared/subscriptions/message';
import { createClientStateRecords } from '../../../shared/watches/clientStateRecord';
import { createSweepAllRequests } from '../../../shared/webhook/sweepAllRequests';
import { createFakeClock } from '../../support/createFakeClock';
import { createMemoryQueue } from '../../support/memoryQueue';
import { createMemoryTable } from '../../support/memoryTable';

const TEN_MINUTES = 600_000;

/** Processes of one deployment: they share the table and the queue. */
function setUp() {
  const clock = createFakeClock();
  const queue = createMemoryQueue();
  const table = createMemoryTable();
  const startProcess = () => {
    const records = createClientStateRecords(table);
    return createSweepAllRequests({ queue, clock, randomBytes, claim: (...asked) => records.claimSweep(...asked) });
  };
  return { clock, queue, startProcess };
}

it('asks for one sweep in ten minutes, after the answer', async () => {
  const { clock, queue, startProcess } = setUp();
  const requests = startProcess();
  await requests.send();
  expect(queue.sent).toEqual([]);
  expect([requests.note(), requests.note()]).toEqual([true, false]);
  expect(queue.sent).toEqual([]);
  await requests.send();
  await requests.send();
  expect(queue.sent.map(({ text }) => parseSubscriptionMessage(JSON.parse(text)))).toEqual([
    {
      message: {
        kind: 'sweepAll',
        receivedAt: new Date(clock.now()).toISOString(),
        traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/) as string,
      },
    },
  ]);
  clock.advance(TEN_MINUTES - 1);
  expect(requests.note()).toBe(false);
  clock.advance(1);
  expect(requests.note()).toBe(true);
  await requests.send();
  expect(queue.sent).toHaveLength(2);
});

it('asks once over all processes', async () => {
  const { clock, queue, startProcess } = setUp();
  const processes = Array.from({ length: 4 }, startProcess);
  for (const requests of processes) {
    clock.advance(60_000);
    requests.note();
    await requests.send();
  }
  expect(queue.sent).toHaveLength(1);
});

it('does not reject while storage is down: the timer sweeps in any case', async () => {
  const { clock, queue } = setUp();
  const claim = () => Promise.reject(new Error('down'));
  const requests = createSweepAllRequests({ queue, clock, randomBytes, claim });
  requests.note();
  await requests.send();
  expect(queue.sent).toEqual([]);
});

describe('slow answers, of which Graph drops notifications (delays above a tenth slower than 3 s in ten minutes)', () => {
  const SLOW = 2_901;

  it('ask for a sweep when more than a tenth of ten minutes were slow, and no fewer', async () => {
    const { queue, startProcess } = setUp();
    const requests = startProcess();
    for (let n = 0; n < 9; n += 1) requests.answered(50, true);
    requests.answered(SLOW, true);
    await requests.send();
    expect(queue.sent).toHaveLength(0);
    requests.answered(SLOW, true);
    await requests.send();
    expect(queue.sent).toHaveLength(1);
  });

  it('are not hidden by answers to others, which anyone can cause, and those are no reason for a sweep', async () => {
    const { queue, startProcess } = setUp();
    const requests = startProcess();
    for (let n = 0; n < 100; n += 1) requests.answered(SLOW, false);
    await requests.send();
    expect(queue.sent).toHaveLength(0);
    for (let n = 0; n < 9; n += 1) requests.answered(50, true);
    for (let n = 0; n < 100; n += 1) requests.answered(50, false);
    // A body that arrives slowly is answered before Graph's limit, and anyone can send one.
    for (let n = 0; n < 100; n += 1) requests.answered(2_500, 'unknown');
    for (let n = 0; n < 2; n += 1) requests.answered(SLOW, true);
    await requests.send();
    expect(queue.sent).toHaveLength(1);
  });

  it('count where the body was not read in time, because it may be of Graph', async () => {
    const { queue, startProcess } = setUp();
    const requests = startProcess();
    for (let n = 0; n < 8; n += 1) requests.answered(50, true);
    requests.answered(SLOW, 'unknown');
    await requests.send();
    expect(queue.sent).toHaveLength(1);
  });

  it('of an earlier window do not count', async () => {
    const { clock, queue, startProcess } = setUp();
    const requests = startProcess();
    for (let n = 0; n < 30; n += 1) requests.answered(50, true);
    for (let n = 0; n < 3; n += 1) requests.answered(SLOW, true);
    clock.advance(TEN_MINUTES);
    for (let n = 0; n < 10; n += 1) requests.answered(50, true);
    requests.answered(SLOW, true);
    await requests.send();
    expect(queue.sent).toHaveLength(0);
  });

  it('ask once in ten minutes', async () => {
    const { clock, queue, startProcess } = setUp();
    const requests = startProcess();
    for (let minute = 0; minute < 20; minute += 1) {
      requests.answered(SLOW, true);
      await requests.send();
      clock.advance(60_000);
    }
    expect(queue.sent).toHaveLength(2);
  });
});
