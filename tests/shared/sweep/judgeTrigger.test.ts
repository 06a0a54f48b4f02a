import { judgeTrigger } from '../../../shared/sweep/lostTriggers';

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
  ['whose newest job carries our task', [job('1', 60), job('2', 20)], ['2'], 'works'],
  ['whose newest job carries none, 15 minutes after it was made', [job('1', 60), job('2', 15)], ['1'], 'lost'],
  ['whose newest job is too young to tell', [job('1', 60), job('2', 14)], ['1'], 'works'],
  ['whose last job that can be judged carries none', [job('1', 60), job('2', 14)], [], 'lost'],
  ['that has a trigger again', [job('1', 60), job('2', 14)], ['2'], 'works'],
  ['that printed nothing for a day', [job('1', 24 * 60)], [], 'unknown'],
  ['whose only job is too young to tell', [job('1', 14)], [], 'unknown'],
  ['whose newest job was redirected to it', [job('1', 60), job('2', 20, true)], ['1'], 'works'],
] as const)('a printer %s', (_name, jobs, withTask: readonly string[], judged) => {
  expect(judgeTrigger(jobs, ({ jobId }) => withTask.includes(jobId), NOW)).toBe(judged);
});
