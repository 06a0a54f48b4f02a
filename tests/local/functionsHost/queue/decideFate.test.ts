import { decideAfterRun, decideBeforeRun } from '../../../../local/functionsHost/queue/decideFate';

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
