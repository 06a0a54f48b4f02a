const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
);
const WEEKDAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');

interface Field {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Names that stand for low, low + 1 and so on; three letters are enough. */
  readonly names?: readonly string[];
}

/** The six fields of an NCRONTAB expression, in order, with their bounds. */
const FIELDS: readonly Field[] = [
  { name: 'second', low: 0, high: 59 },
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, names: MONTHS },
  { name: 'weekday', low: 0, high: 6, names: WEEKDAYS },
];

/**
 * The values of one field, ascending: lists of `*`, `a`, `a-b`, each with an optional `/step`; `a/step` runs to the end of
 * the field. Months and weekdays also by English name. Throws naming the field.
 */
export function parseCronField(text: string, index: number): number[] {
  const field = FIELDS[index] ?? { name: 'field', low: 0, high: 0 };
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', stepText, extra] = part.split('/');
    const step = stepText === undefined ? 1 : Number(stepText);
    if (extra !== undefined || !Number.isInteger(step) || step < 1) throw bad(field, text);
    const [from, to] = bounds(field, range, stepText !== undefined, text);
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function bounds(field: Field, range: string, stepped: boolean, text: string): [number, number] {
  if (range === '*') return [field.low, field.high];
  const [first = '', last, extra] = range.split('-');
  const from = valueOf(field, first);
  const to = last === undefined ? (stepped ? field.high : from) : valueOf(field, last);
  if (extra !== undefined || !(from >= field.low && to <= field.high && from <= to)) throw bad(field, text);
  return [from, to];
}

function valueOf(field: Field, text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  const index =
    text.length < 3 ? -1 : (field.names ?? []).findIndex((name) => name.startsWith(text.toLowerCase()));
  return index < 0 ? Number.NaN : field.low + index;
}

function bad(field: Field, text: string): Error {
  return new Error(
    `schedule field ${field.name} "${text}" must lie within ${field.low} to ${field.high}, as value, range a-b, list a,b or step */n`,
  );
}
