import { Cron } from 'croner';
import { parseTimeSpan } from '../settings/hostJson';

/** When a timer is due, in UTC. */
export interface Schedule {
  /** The first moment strictly after `after`, as epoch milliseconds. */
  next(after: number): number;
  readonly adjustForDst: boolean;
}

/** The six fields of an NCRONTAB expression with their highest values. */
const FIELDS = Object.entries({ second: 59, minute: 59, hour: 23, day: 31, month: 12, weekday: 6 });

/** NCrontab requires day and weekday to match. Classic cron requires one of them. */
const NCRONTAB = { paused: true, timezone: 'UTC', mode: '6-part', domAndDow: true } as const;

/**
 * Parses an NCRONTAB expression of six fields (second minute hour day month weekday) or five (no second), or a time
 * span such as "00:05:00" (documentation page functions-bindings-timer). Throws an error that names the wrong field.
 */
export function parseSchedule(text: string): Schedule {
  const span = parseTimeSpan(text.trim());
  if (span !== undefined && span > 0) return { next: (after) => after + span, adjustForDst: false };
  const fields = text.trim().split(/\s+/);
  const expected = 'six fields (second minute hour day month weekday) or five, or be a time span';
  if (fields.length !== 5 && fields.length !== 6) throw new Error(`schedule "${text}" must have ${expected}`);
  const six = fields.length === 6 ? fields : ['0', ...fields];
  const cron = new Cron(six.map(toCronerField).join(' '), NCRONTAB);
  return {
    adjustForDst: true,
    next(after) {
      const next = cron.nextRun(new Date(after));
      if (next === null) throw new Error(`schedule "${text}" never occurs`);
      return next.getTime();
    },
  };
}

/** A value is a number or an English name. `*`, `a`, `a-b`, each with an optional `/step`. */
const PART = /^(\*|(?:\d{1,2}|[a-z]{3,})(?:-(?:\d{1,2}|[a-z]{3,}))?)(\/\d+)?$/i;

/**
 * One field in croner's notation. Croner also accepts what NCRONTAB does not (L, W, #, ?, weekday 7), and does not
 * accept full names and `a/step`, which runs to the end of the field. Only these differences are handled here.
 */
function toCronerField(text: string, index: number): string {
  const [name, high] = FIELDS[index] ?? ['', 0];
  try {
    const field = text
      .split(',')
      .map((part) => {
        const [, range = '', step = ''] = PART.exec(part) ?? [];
        const values = range.split('-').map((value) => value.slice(0, 3));
        if (range === '' || values.some((value) => Number(value) > high)) throw new Error(part);
        return `${values.join('-')}${step !== '' && /^\d+$/.test(range) ? `-${high}` : ''}${step}`;
      })
      .join(',');
    new Cron(FIELDS.map((_field, at) => (at === index ? field : '*')).join(' '), NCRONTAB);
    return field;
  } catch (cause) {
    const forms = 'a value, a range a-b, a list a,b or steps */n';
    throw new Error(`schedule field ${name} "${text}" must have values up to ${high}: ${forms}`, { cause });
  }
}

/** Whether it fires more than once a minute. Such a timer keeps no status (TimerSchedule.cs). */
export function firesWithinMinute(schedule: Schedule, now: number): boolean {
  const first = schedule.next(now);
  return schedule.next(first) - first < 60_000;
}
