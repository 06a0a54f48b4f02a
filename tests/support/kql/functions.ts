import type { Value } from './readKql';

export interface Argument {
  readonly value: Value;
  readonly type: string;
}

const isEmpty = ({ value }: Argument) => value === null || value === '';

/** Scalar functions by name: learn.microsoft.com/kusto/query/NAME-function. `now` is in milliseconds since 1970. */
const FUNCTIONS: Readonly<Record<string, (args: readonly Argument[], now: number) => Value>> = {
  iff: ([condition, yes, no]) => (condition?.value === true ? yes?.value : no?.value),
  not: ([{ value } = NONE]) => (value === null ? null : value !== true),
  isempty: ([value = NONE]) => isEmpty(value),
  isnotempty: ([value = NONE]) => !isEmpty(value),
  isnull: ([{ value } = NONE]) => value === null,
  isnotnull: ([{ value } = NONE]) => value !== null,
  coalesce: (args) => args.find((arg) => !isEmpty(arg))?.value ?? args.at(-1)?.value,
  strlen: ([value = NONE]) => toText(value).length,
  strcat: (args) => args.map(toText).join(''),
  tostring: ([value = NONE]) => toText(value),
  todouble: ([value = NONE]) => toNumber(value),
  toint: ([value = NONE]) => toInteger(value),
  tolong: ([value = NONE]) => toInteger(value),
  now: (args, now) => now + (typeof args[0]?.value === 'number' ? args[0].value : 0),
  ago: ([{ value } = NONE], now) => (typeof value === 'number' ? now - value : null),
  bin: ([{ value } = NONE, { value: size } = NONE]) => {
    if (typeof value !== 'number' || typeof size !== 'number' || size <= 0) return null;
    return Math.floor(value / size) * size;
  },
};

const NONE: Argument = { value: null, type: '' };

/** The function of a name. Throws for one that it does not know. */
export function findFunction(name: string): (args: readonly Argument[], now: number) => Value {
  const found = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (found) return found;
  throw new Error(`The evaluator does not know the function ${name}.`);
}

/** tostring: a null value is an empty text. A dynamic value that is no text is JSON. */
function toText({ value, type }: Argument): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (type === 'datetime' && typeof value === 'number') return new Date(value).toISOString().replace('Z', '0000Z');
  if (type === 'long' || type === 'int' || type === 'bool' || type === 'dynamic') return JSON.stringify(value);
  throw new Error(`The evaluator does not know the text of a ${type}.`);
}

/** todouble: null for a text that is no number. */
function toNumber({ value }: Argument): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && !Number.isNaN(number) ? number : null;
}

/** toint, tolong: null for a text that is no integer. A real number loses its fraction. */
function toInteger(arg: Argument): number | null {
  const number = toNumber(arg);
  if (number === null || (typeof arg.value === 'string' && !Number.isInteger(number))) return null;
  return Math.trunc(number);
}
