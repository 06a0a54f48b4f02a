import type { Alarm } from '../../../../local/functionsHost/alarm';
import { decideAfterRun, decideBeforeRun, keepInvisible } from '../../../../local/functionsHost/queue/processMessage';

const at = (dequeueCount: number, hasPoisonQueue = true) => ({
  dequeueCount,
  maxDequeueCount: 5,
  hasPoisonQueue,
});

// QueueProcessor.cs of azure-sdk-for-net (Extensions.Storage.Common).
test('success deletes', () => {
  expect(decideAfterRun(true, at(5))).toBe('delete');
});

test('failure below the maximum becomes visible again, at the maximum it goes to poison', () => {
  expect(decideAfterRun(false, at(4))).toBe('retry');
  expect(decideAfterRun(false, at(5))).toBe('poison');
});

test('a message received more often than the maximum goes to poison without a run', () => {
  expect(decideBeforeRun(at(5))).toBe('run');
  expect(decideBeforeRun(at(6))).toBe('poison');
});

test('on a poison queue a failure stays invisible, and past the maximum it is skipped silently', () => {
  expect(decideAfterRun(false, at(1, false))).toBe('leave');
  expect(decideBeforeRun(at(6, false))).toBe('leave');
});

/** An alarm that rings when the test says so. */
function manualAlarm() {
  const set: { epochMs: number; callback: () => void }[] = [];
  const alarm: Alarm = {
    at: (epochMs, callback) => {
      const entry = { epochMs, callback };
      set.push(entry);
      return () => void (set.includes(entry) && set.splice(set.indexOf(entry), 1));
    },
    stop: () => undefined,
  };
  const ring = async () => {
    set.shift()?.callback();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { alarm, set, ring };
}

function setUp(update: () => Promise<{ popReceipt?: string }>) {
  const { alarm, set, ring } = manualAlarm();
  const updates: unknown[] = [];
  const errors: unknown[] = [];
  const client = {
    updateMessage: (...args: unknown[]) => (updates.push(args), update()) as never,
  };
  const lease = keepInvisible(
    { client, alarm, now: () => 1_000, leaseMs: 600_000, onError: (error) => errors.push(error) },
    { messageId: 'm', popReceipt: 'first' },
  );
  return { lease, updates, errors, set, ring };
}

// QueueListener.cs, QueueProcessor.cs: 10 minutes of invisibility, renewed every 5 while the function runs.
test('the lease is renewed at half of its time, with the receipt of the last renewal', async () => {
  let count = 0;
  const { lease, updates, set, ring } = setUp(() => Promise.resolve({ popReceipt: `renewed ${++count}` }));
  expect(set.map(({ epochMs }) => epochMs)).toEqual([301_000]);
  await ring();
  await ring();
  expect(updates).toEqual([
    ['m', 'first', undefined, 600],
    ['m', 'renewed 1', undefined, 600],
  ]);
  await expect(lease.end()).resolves.toBe('renewed 2');
  expect(set).toEqual([]);
});

test('a renewal that fails is reported and retried', async () => {
  const { lease, errors, set, ring } = setUp(() => Promise.reject(new Error('storage away')));
  await ring();
  expect(errors).toEqual([new Error('storage away')]);
  expect(set).toHaveLength(1);
  await expect(lease.end()).resolves.toBe('first');
});
