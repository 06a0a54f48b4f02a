import type { Value } from './readKql';

/** The values of one argument, one for each row of the group. */
type Values = readonly Value[];

const numbersOf = (values: Values) =>
  known(values).map((value) => {
    if (typeof value === 'number') return value;
    throw new Error(`The evaluator aggregates only numbers, dates and time spans, not ${JSON.stringify(value)}.`);
  });
const known = (values: Values) => values.filter((value) => value !== null);
const add = (values: Values) => numbersOf(values).reduce((sum, value) => sum + value, 0);
const where = (values: Values, conditions: Values) => values.filter((_value, index) => conditions[index] === true);

/** Aggregation functions by name. They ignore null values, and have a default for no rows (summarize-operator). */
const AGGREGATES: Readonly<Record<string, (count: number, args: readonly Values[]) => Value>> = {
  count: (count) => count,
  countif: (_count, [conditions = []]) => conditions.filter((condition) => condition === true).length,
  sum: (_count, [values = []]) => add(values),
  sumif: (_count, [values = [], conditions = []]) => add(where(values, conditions)),
  avg: (_count, [values = []]) => add(values) / numbersOf(values).length,
  min: (_count, [values = []]) => pick(values, (value, best) => value < best),
  max: (_count, [values = []]) => pick(values, (value, best) => value > best),
  dcount: (_count, [values = []]) => new Set(known(values)).size,
  make_list: (_count, [values = []]) => known(values),
};

export function isAggregate(name: string): boolean {
  return Object.hasOwn(AGGREGATES, name);
}

/** The value of an aggregation over `count` rows. */
export function aggregate(name: string, count: number, args: readonly Values[]): Value {
  return AGGREGATES[name]?.(count, args);
}

function pick(values: Values, isBetter: (value: number, best: number) => boolean): number | null {
  const [first, ...others] = numbersOf(values);
  return first === undefined ? null : others.reduce((best, value) => (isBetter(value, best) ? value : best), first);
}

/** The position of the row with the greatest value: of the first one where all are null. -1 for no rows. */
export function positionOfGreatest(values: Values): number {
  const greatest = pick(values, (value, best) => value > best);
  return values.length === 0 ? -1 : Math.max(0, values.indexOf(greatest));
}
