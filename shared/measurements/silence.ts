import type { Watch } from '../watches/watches';
import { watchRowKey } from '../watches/watches';

/** Hours are counted from 1970. */
export const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

/** The jobs of one hour by watch. */
export type JobsOfHour = (hour: number, watch: string) => number;

/** The lengths of silence that are judged, in hours: a busy printer within half a day, and one with some jobs a day. */
const WINDOWS = [4, 24] as const;
const LONGEST_WINDOW = Math.max(...WINDOWS);
/** The same hours of the same day of the week, one and two weeks ago. */
const WEEKS_AGO = [1, 2] as const;
const HOURS_A_WEEK = 7 * 24;
/** With 10 jobs or more expected, none at all has a chance of 1 in 20,000 (Poisson). */
const LEAST_JOBS = 10;
/** Not one person who prints ten jobs in a row. And a shift of daylight saving moves one hour of a window, not three. */
const LEAST_HOURS = 3;

/** Every hour that `silentHours` looks at, when `last` is the last complete hour. */
export function hoursToRead(last: number): number[] {
  const window = Array.from({ length: LONGEST_WINDOW }, (_, index) => last - LONGEST_WINDOW + 1 + index);
  return [0, ...WEEKS_AGO].flatMap((weeks) => window.map((hour) => hour - weeks * HOURS_A_WEEK));
}

/**
 * For how many complete hours a watch has been silent against its own past, or undefined where it is not. It is silent where
 * it had no job for 4 or 24 hours although it had 10 jobs or more, in 3 hours or more, in the same hours one week ago and
 * again two weeks ago. Nights and weekends are silent in every week, so they do not count.
 *
 * A watch is not judged without that past: in its first 15 days, with few jobs, in the two weeks after a holiday, and where its
 * customer keeps jobs for less than 16 days. A holiday on a working day is a false alarm: the calendar is not known here.
 *
 * @param jobsOf for the hours of `hoursToRead`
 * @param last the last complete hour. Jobs since then end the silence, and the caller asks for watches without any
 */
export function silentHours(
  watch: Watch,
  { jobsOf, last, retentionDays }: { jobsOf: JobsOfHour; last: number; retentionDays: number },
): number | undefined {
  const name = watchRowKey(watch);
  const of = (hour: number) => jobsOf(hour, name);
  if (retentionDays * 24 < Math.max(...WEEKS_AGO) * HOURS_A_WEEK + 2 * LONGEST_WINDOW) return undefined;
  let silent = 0;
  while (silent < LONGEST_WINDOW && of(last - silent) === 0) silent += 1;
  const isSilent = WINDOWS.some(
    (length) => silent >= length && WEEKS_AGO.every((weeks) => wasBusy(of, last - weeks * HOURS_A_WEEK, length)),
  );
  return isSilent ? silent : undefined;
}

function wasBusy(of: (hour: number) => number, last: number, length: number): boolean {
  const jobs = Array.from({ length }, (_, index) => of(last - index));
  const sum = jobs.reduce((total, count) => total + count, 0);
  return sum >= LEAST_JOBS && jobs.filter((count) => count > 0).length >= LEAST_HOURS;
}

/** A printer may stand unused in its first week. */
const LEAST_DAYS = 7;

/**
 * The age in days of a watch that may never have seen a job: from its eighth day until retention would have removed its first
 * jobs. Later, an empty ledger no longer says that there never was one. Undefined for any other watch.
 *
 * @param now milliseconds since 1970
 */
export function daysWithoutProof({ since }: Watch, retentionDays: number, now: number): number | undefined {
  const days = (now - Date.parse(since)) / DAY_MS;
  return days > LEAST_DAYS && days < retentionDays ? Math.floor(days) : undefined;
}
