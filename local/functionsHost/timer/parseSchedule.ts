import { parseTimeSpan } from '../settings/parseTimeSpan';
import { parseCronField } from './parseCronField';

/** When a timer is due, in UTC. */
export interface Schedule {
  /** The first moment strictly after `after`, as epoch milliseconds. */
  next(after: number): number;
  readonly adjustForDst: boolean;
}

const DAY_MS = 86_400_000;
/** 29 February can be eight years away (1896 to 1904, 2096 to 2104). */
const SEARCH_DAYS = 366 * 9;

/**
 * An NCRONTAB expression of six fields (second minute hour day month weekday) or five (no second), or a time span such as
 * "00:05:00". Day and weekday must both fit, as in NCrontab. Throws naming the field that cannot be read.
 */
export function parseSchedule(text: string): Schedule {
  const span = parseTimeSpan(text.trim());
  if (span !== undefined && span > 0) return { next: (after) => after + span, adjustForDst: false };
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6)
    throw new Error(
      `schedule "${text}" must have six fields (second minute hour day month weekday) or five, or be a time span`,
    );
  const six = fields.length === 6 ? fields : ['0', ...fields];
  const [seconds, minutes, hours, days, months, weekdays] = six.map((field, index) =>
    parseCronField(field, index),
  ) as [number[], number[], number[], number[], number[], number[]];

  const dayFits = (date: Date) =>
    months.includes(date.getUTCMonth() + 1) &&
    days.includes(date.getUTCDate()) &&
    weekdays.includes(date.getUTCDay());

  function timeFrom(msOfDay: number): number | undefined {
    for (const hour of hours)
      for (const minute of minutes) {
        // The last second of this minute is over: no need to look at its seconds.
        if ((hour * 3600 + minute * 60 + 59) * 1000 < msOfDay) continue;
        for (const second of seconds) {
          const time = (hour * 3600 + minute * 60 + second) * 1000;
          if (time >= msOfDay) return time;
        }
      }
    return undefined;
  }

  return {
    adjustForDst: true,
    next(after) {
      const from = Math.floor(after / 1000) * 1000 + 1000;
      const firstDay = Math.floor(from / DAY_MS) * DAY_MS;
      for (let index = 0; index < SEARCH_DAYS; index++) {
        const day = firstDay + index * DAY_MS;
        if (!dayFits(new Date(day))) continue;
        const time = timeFrom(index === 0 ? from - day : 0);
        if (time !== undefined) return day + time;
      }
      throw new Error(`schedule "${text}" never comes`);
    },
  };
}

/** Whether it fires more than once a minute: then no status is kept (TimerSchedule.cs). */
export function firesWithinMinute(schedule: Schedule, now: number): boolean {
  const first = schedule.next(now);
  return schedule.next(first) - first < 60_000;
}
