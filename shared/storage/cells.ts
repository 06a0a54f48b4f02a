import { ReceiverError } from '../errors';
import { isRecord, parseOneOf } from '../parse';
import type { StoredRow } from './entityTable';

/**
 * Reads the cells of one row. Tools that import and export tables guess a type for each cell: a time becomes Edm.DateTime, a
 * number Edm.Int64 or a text, a GUID Edm.Guid. Each cell is read for what it says. A cell that is absent is undefined.
 *
 * @throws ReceiverError `rowUnreadable` from each function, with the row, the cell and the expected form, never a value
 */
export interface Cells {
  text(name: string): string | undefined;
  /** A whole number from 0. */
  count(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  /** ISO 8601 with milliseconds in UTC, as this product writes times. An empty text is absent. */
  time(name: string): string | undefined;
  word<Word extends string>(name: string, words: readonly Word[]): Word | undefined;
  texts<Name extends string>(names: readonly Name[]): Partial<Record<Name, string>>;
  times<Name extends string>(names: readonly Name[]): Partial<Record<Name, string>>;
  /** The value of a cell that every row has. */
  need<T>(value: T | undefined, name: string, expected: string): T;
}

export function readCells(table: string, { cells }: Pick<StoredRow, 'cells'>): Cells {
  /** Undefined for an absent cell; `read` returns undefined for a cell of another form. */
  const readOne = <T>(name: string, expected: string, read: (cell: unknown) => T | undefined): T | undefined => {
    const cell = cells[name];
    if (cell === undefined || cell === null) return undefined;
    const value = read(cell);
    if (value === undefined) throw unreadable(table, cells, `has ${name} in another form than ${expected}`);
    return value;
  };
  const readAll = <Name extends string>(names: readonly Name[], read: (name: Name) => string | undefined) => {
    const found: Partial<Record<Name, string>> = {};
    for (const name of names) {
      const value = read(name);
      if (value !== undefined) found[name] = value;
    }
    return found;
  };
  const text = (name: string) => readOne(name, 'a text', textOf);
  // An empty text is how a tool writes a cell without a value.
  const time = (name: string) => (cells[name] === '' ? undefined : readOne(name, TIME_FORM, timeOf));
  return {
    text,
    time,
    count: (name) => readOne(name, 'a whole number from 0', countOf),
    flag: (name) => readOne(name, 'true or false', flagOf),
    word: (name, words) => readOne(name, `one of ${words.join(', ')}`, (cell) => parseOneOf(textOf(cell), words)),
    texts: (names) => readAll(names, text),
    times: (names) => readAll(names, time),
    need: (value, name, expected) => {
      if (value === undefined) throw unreadable(table, cells, `has no ${name}: ${expected}`);
      return value;
    },
  };
}

/** The error of a row that cannot be read. @param problem follows the name of the row */
export function unreadable(table: string, cells: StoredRow['cells'], problem: string): ReceiverError {
  const { partitionKey, rowKey } = cells;
  const name = `The row ${String(rowKey)} of the table ${table}`;
  return new ReceiverError('rowUnreadable', `${name} ${problem} (PartitionKey ${String(partitionKey)})`);
}

/** Numbers are ids whose type a tool guessed. `@azure/data-tables` gives Edm.Int64 as bigint and Edm.Guid as an object. */
function textOf(cell: unknown): string | undefined {
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'bigint' || Number.isSafeInteger(cell)) return String(cell);
  if (cell instanceof Date) return timeOf(cell);
  const { type, value } = isRecord(cell) ? cell : {};
  return type === 'Guid' && typeof value === 'string' ? value : undefined;
}

function countOf(cell: unknown): number | undefined {
  const isCount = typeof cell === 'number' || typeof cell === 'bigint' || isDigits(cell);
  const count = isCount ? Number(cell) : NaN;
  return Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

function isDigits(cell: unknown): boolean {
  return typeof cell === 'string' && /^\d{1,16}$/.test(cell);
}

function flagOf(cell: unknown): boolean | undefined {
  if (typeof cell === 'boolean') return cell;
  const word = typeof cell === 'string' ? cell.toLowerCase() : undefined;
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

const TIME_FORM = 'a time such as 2026-11-22T00:00:00Z';
/** With its zone: a time without one means another moment on each machine. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

function timeOf(cell: unknown): string | undefined {
  const isTime = cell instanceof Date || (typeof cell === 'string' && TIME.test(cell));
  const ms = isTime ? new Date(cell).getTime() : NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
