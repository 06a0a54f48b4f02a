import { isTriggerLost } from '../../../shared/sweep/lostTriggers';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 22, 12);
const job = (jobId: string, minutesAgo: number, isRedirected = false) => ({
  jobId,
  createdAt: NOW - minutesAgo * MINUTE,
  isReady: false,
  hasEnded: false,
  isRedirected,
});

it.each([
  ['whose newest job carries our task', [job('1', 60), job('2', 20)], ['2'], false],
  ['whose newest job carries none, 15 minutes after it was made', [job('1', 60), job('2', 15)], ['1'], true],
  ['whose newest job is too young to tell', [job('1', 60), job('2', 14)], ['1'], false],
  ['whose last job that can be judged carries none', [job('1', 60), job('2', 14)], [], true],
  ['that has a trigger again', [job('1', 60), job('2', 14)], ['2'], false],
  ['that printed nothing for a day', [job('1', 24 * 60)], [], false],
  ['whose newest job was redirected to it', [job('1', 60), job('2', 20, true)], ['1'], false],
] as const)('a printer %s', (_name, jobs, withTask: readonly string[], lost) => {
  expect(isTriggerLost(jobs, ({ jobId }) => withTask.includes(jobId), NOW)).toBe(lost);
});
