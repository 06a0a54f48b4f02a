/** A day of the week as rules write it. */
export type Day = 'Mon' | 'Tue' | 'Wed' | 'Thu' | 'Fri' | 'Sat' | 'Sun';

/** What a clock on the wall of a time zone shows. */
export interface WallClock {
  day: Day;
  /** Minutes since midnight. */
  minute: number;
}

/** A span of local time. */
interface Span {
  from?: string | undefined;
  to?: string | undefined;
  days?: readonly Day[] | undefined;
}

const DAYS: readonly Day[] = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** True for a zone of the IANA database that this Node knows. An offset such as +01:00 is none: it ignores summer time. */
export function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/**
 * The local time in a zone.
 *
 * @param at milliseconds since 1970, within the range of Date
 */
export function wallClock(at: number, zone: string): WallClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const day = DAYS.find((one) => one === parts.get('weekday')) ?? 'Sun';
  return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
}

/**
 * Whether a local time lies in a span: from `from` up to and without `to`. When `from` is after `to`, the span crosses
 * midnight, and what follows midnight belongs to the day on which the span started: Friday 22:00 to 06:00 ends on Saturday
 * morning.
 */
export function isInSpan({ day, minute }: WallClock, { from, to, days }: Span): boolean {
  const isDay = (one: Day) => days === undefined || days.includes(one);
  if (from === undefined || to === undefined) return isDay(day);
  const [start, end] = [minuteOf(from), minuteOf(to)];
  if (start <= end) return isDay(day) && minute >= start && minute < end;
  return (minute >= start && isDay(day)) || (minute < end && isDay(dayBefore(day)));
}

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

function dayBefore(day: Day): Day {
  return DAYS[(DAYS.indexOf(day) + 6) % 7] ?? day;
}
