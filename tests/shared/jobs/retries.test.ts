import { nextRound } from '../../../shared/jobs/retries';

/** The rules are those of docs/decisions/0013. */
const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 22);
const iso = (ms: number) => new Date(ms).toISOString();

test('rounds are 9 minutes to a day apart, and end after the tenth', () => {
  const waits: (number | undefined)[] = [];
  let now = START;
  let row: ReturnType<typeof nextRound> = {};
  while (row.retriesEndedAt === undefined) {
    row = nextRound(row, now);
    const { nextTryAt } = row;
    waits.push(nextTryAt === undefined ? undefined : (Date.parse(nextTryAt) - now) / MINUTE);
    if (nextTryAt !== undefined) now = Date.parse(nextTryAt);
  }
  expect(waits).toEqual([9, 18, 36, 72, 144, 288, 576, 1_152, 1_440, undefined]);
  expect(row).toEqual({ failures: 10, retriesEndedAt: iso(now) });
});

test('the further tries of the host belong to the same round', () => {
  const first = nextRound({}, START);
  expect(nextRound(first, START + 2 * MINUTE)).toEqual(first);
  expect(nextRound(first, START + 9 * MINUTE)).toMatchObject({ failures: 2 });
});

test('a wait for another reason is no round', () => {
  expect(nextRound({ nextTryAt: iso(START + MINUTE) }, START)).toMatchObject({ failures: 1 });
});
