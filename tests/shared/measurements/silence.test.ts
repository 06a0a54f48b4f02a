import { daysWithoutProof, hoursToRead, silentHours } from '../../../shared/measurements/silence';
import { MINUTE, watchOf } from '../../support/createSubscriptionWorld';

const HOUR = 60 * MINUTE;
/** A Tuesday at 15:00 UTC: the last complete hour. */
const LAST = Math.floor(Date.parse('2026-11-24T15:00:00Z') / HOUR);
const WATCH = watchOf({});
const WEEK = 168;

/** Jobs of an hour, given in hours of the day (UTC), the day of the week (0: Sunday), and how many weeks ago it is. */
type Pattern = (at: { hour: number; day: number; weeksAgo: number }) => number;
const judge = (pattern: Pattern, { last = LAST, retentionDays = 30 } = {}) =>
  silentHours(WATCH, {
    jobsOf: (hour) => {
      const time = new Date(hour * HOUR);
      const weeksAgo = Math.round((last - hour) / WEEK);
      return pattern({ hour: time.getUTCHours(), day: time.getUTCDay(), weeksAgo });
    },
    last,
    retentionDays,
  });
const isOffice = ({ hour, day }: { hour: number; day: number }) => hour >= 8 && hour < 18 && day >= 1 && day <= 5;
/** Five jobs in each hour of the office, until `sinceHour` of this week's day. */
const office =
  (sinceHour = 24): Pattern =>
  (at) =>
    isOffice(at) && (at.weeksAgo > 0 || at.hour < sinceHour) ? 5 : 0;
const hoursOf = (date: string) => Math.floor(Date.parse(date) / HOUR);

describe('a watch is silent against its own past', () => {
  it('after four hours without a job, where the same hours of both weeks before were busy', () => {
    expect(judge(office(12))).toBe(4);
    expect(judge(office(13))).toBeUndefined();
  });

  it('and says how long it has been silent, up to a day', () => {
    expect(judge(office(10))).toBe(6);
    expect(judge(({ weeksAgo }) => (weeksAgo > 0 ? 5 : 0))).toBe(24);
  });

  it('after a day, where four hours have too few jobs to judge', () => {
    const fewADay: Pattern = ({ hour, weeksAgo }) => (weeksAgo > 0 && hour % 4 === 0 ? 2 : 0);
    expect(judge(fewADay)).toBe(24);
  });

  it('not while it has jobs as ever', () => {
    expect(judge(office())).toBeUndefined();
  });
});

describe('what is quiet by habit is not silent', () => {
  it.each([
    ['at night', '2026-11-25T02:00:00Z'],
    ['in the first hours of a morning', '2026-11-24T09:00:00Z'],
    ['on a Saturday', '2026-11-28T15:00:00Z'],
    ['on a Sunday', '2026-11-29T15:00:00Z'],
    ['early on a Monday', '2026-11-30T07:00:00Z'],
  ])('%s', (_when, date) => {
    expect(judge(office(), { last: hoursOf(date) })).toBeUndefined();
  });

  it('after a weekend, in every hour of a week of ordinary traffic', () => {
    for (let hour = 0; hour < WEEK; hour += 1) expect(judge(office(), { last: LAST + hour })).toBeUndefined();
  });

  it('where daylight saving moves the day by an hour, in every hour of the week after', () => {
    const shifted: Pattern = ({ hour, day, weeksAgo }) =>
      office()({ hour: hour + (weeksAgo === 0 ? 1 : 0), day, weeksAgo });
    const back: Pattern = ({ hour, day, weeksAgo }) =>
      office()({ hour: hour - (weeksAgo === 0 ? 1 : 0), day, weeksAgo });
    for (let hour = 0; hour < WEEK; hour += 1) {
      expect(judge(shifted, { last: LAST + hour })).toBeUndefined();
      expect(judge(back, { last: LAST + hour })).toBeUndefined();
    }
  });

  it('where one week was busy and the other was not, such as before a holiday', () => {
    expect(judge((at) => (at.weeksAgo === 1 ? office(0)(at) : 0))).toBeUndefined();
    expect(judge((at) => (at.weeksAgo === 2 ? office(0)(at) : 0))).toBeUndefined();
  });

  it('where somebody printed many jobs in one hour', () => {
    expect(judge(({ hour, weeksAgo }) => (weeksAgo > 0 && hour === 14 ? 50 : 0))).toBeUndefined();
  });

  it('where there were fewer than ten jobs', () => {
    expect(judge(({ hour, weeksAgo }) => (weeksAgo > 0 && hour % 8 === 0 ? 3 : 0))).toBeUndefined();
    expect(judge(({ hour, weeksAgo }) => (weeksAgo > 0 && hour % 8 === 0 ? 4 : 0))).toBe(24);
  });

  it('where the watch is new', () => {
    expect(judge(({ weeksAgo }) => (weeksAgo === 1 ? 5 : 0))).toBeUndefined();
  });

  it('where the customer keeps jobs for less than sixteen days', () => {
    expect(judge(office(12), { retentionDays: 15 })).toBeUndefined();
    expect(judge(office(12), { retentionDays: 16 })).toBe(4);
  });
});

it('reads the last day and the same day of the two weeks before', () => {
  const hours = hoursToRead(1_000);
  expect(hours).toHaveLength(72);
  expect([Math.max(...hours), hours.includes(977), hours.includes(976)]).toEqual([1_000, true, false]);
  expect(hours.includes(1_000 - WEEK) && hours.includes(977 - 2 * WEEK)).toBe(true);
});

describe('a watch may never have seen a job', () => {
  const DAY = 24 * HOUR;
  const now = Date.parse('2026-11-24T15:00:00Z');
  const aged = (days: number) => watchOf({ since: new Date(now - days * DAY).toISOString() });

  it.each([
    ['in its first week', 7, undefined],
    ['from its eighth day', 7.5, 7],
    ['until retention would have removed a job', 29.5, 29],
    ['and no longer', 30, undefined],
  ])('%s', (_when, days, expected) => {
    expect(daysWithoutProof(aged(days), 30, now)).toBe(expected);
  });
});
