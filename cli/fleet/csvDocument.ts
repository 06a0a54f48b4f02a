import { ReceiverError } from '../../shared/errors';
import type { ListedPrinter } from '../../shared/graph/api/printers';
import { fold } from '../resolveNames';
import { parseCsv, type CsvRow } from './csv';
import type { FleetDocument } from './document';

const COLUMNS = ['id', 'name', 'scenario', 'definition'] as const;
type Column = (typeof COLUMNS)[number];

/** What one row of the file asks for. */
interface Wish {
  line: number;
  printerId: string;
  /** Undefined for JobFetchable. */
  definition: string | undefined;
}

/**
 * The document that a CSV file describes: a header with the columns id or name, scenario and definition, then a printer a row.
 * A scenario that no row names stays out of the document. Definitions come in the order of the file.
 *
 * @param file its name, for errors
 * @throws ReceiverError `fleetInvalid` with each faulty line
 */
export function documentOfCsv(file: string, text: string, printers: readonly ListedPrinter[]): FleetDocument {
  const [header, ...rows] = parseCsv(text);
  const columns = new Map((header?.cells ?? []).map((title, index) => [fold(title), index]));
  const unknown = [...columns.keys()].filter((title) => !COLUMNS.some((column) => column === title));
  const faults: string[] = [];
  const fault = (line: number, message: string) => void faults.push(`${file}:${line} ${message}`);
  if (unknown.length > 0) fault(1, `has the unknown column ${unknown.map((one) => JSON.stringify(one)).join(', ')}`);
  if (!columns.has('scenario')) fault(1, 'has no column scenario');
  if (!columns.has('id') && !columns.has('name')) fault(1, 'has neither a column id nor a column name');
  const find = createPrinterSearch(printers);
  const wishes = (faults.length > 0 ? [] : rows).flatMap((row): Wish[] => {
    const cell = (column: Column) => row.cells[columns.get(column) ?? -1] ?? '';
    const read = readRow(row, cell, find);
    if ('wish' in read) return [read.wish];
    fault(row.line, read.fault);
    return [];
  });
  for (const { line, other } of findContradictions(wishes)) {
    fault(line, `gives the printer of line ${other} another definition, and a printer takes one trigger`);
  }
  if (faults.length === 0) return formDocument(wishes);
  throw new ReceiverError('fleetInvalid', `${file} was not stored`, {
    details: faults,
    remedy: 'Correct these lines. The first line has the columns id or name, scenario and definition.',
  });
}

type FindPrinter = (id: string, name: string) => { printerId: string } | { fault: string };

function createPrinterSearch(printers: readonly ListedPrinter[]): FindPrinter {
  const ids = new Set(printers.map(({ id }) => id));
  const byName = new Map<string, string[]>();
  for (const { id, name } of printers) {
    const key = fold(name.trim());
    byName.set(key, [...(byName.get(key) ?? []), id]);
  }
  return (id, name) => {
    if (id !== '') {
      const printerId = id.toLowerCase();
      return ids.has(printerId) ? { printerId } : { fault: `names the id ${id}, which no printer has` };
    }
    if (name === '') return { fault: 'names no printer' };
    const found = byName.get(fold(name)) ?? [];
    const [printerId] = found;
    if (printerId === undefined) return { fault: `names "${name}", which no printer is called` };
    if (found.length === 1) return { printerId };
    return { fault: `names "${name}", which ${found.length} printers are called: use their ids (${found.join(', ')})` };
  };
}

function readRow(
  { line }: CsvRow,
  cell: (column: Column) => string,
  find: FindPrinter,
): { wish: Wish } | { fault: string } {
  const scenario = fold(cell('scenario'));
  const definition = cell('definition');
  const isStarted = scenario === 'jobstarted';
  if (!isStarted && scenario !== 'jobfetchable') {
    return { fault: `has the scenario "${cell('scenario')}", and it must be jobStarted or jobFetchable` };
  }
  if (isStarted && definition === '') return { fault: 'names no definition, which jobStarted needs' };
  if (!isStarted && definition !== '') return { fault: 'names a definition, which jobFetchable does not have' };
  const found = find(cell('id'), cell('name'));
  if ('fault' in found) return found;
  return { wish: { line, ...found, definition: isStarted ? definition : undefined } };
}

function findContradictions(wishes: readonly Wish[]): { line: number; other: number }[] {
  const first = new Map<string, Wish>();
  return wishes.flatMap((wish) => {
    if (wish.definition === undefined) return [];
    const before = first.get(wish.printerId);
    if (!before) first.set(wish.printerId, wish);
    const isSame = !before || fold(before.definition ?? '') === fold(wish.definition);
    return isSame ? [] : [{ line: wish.line, other: before.line }];
  });
}

function formDocument(wishes: readonly Wish[]): FleetDocument {
  const byDefinition = new Map<string, { definition: string; ids: Set<string> }>();
  const fetchable = new Set<string>();
  for (const { printerId, definition } of wishes) {
    if (definition === undefined) {
      fetchable.add(printerId);
      continue;
    }
    const entry = byDefinition.get(fold(definition)) ?? { definition, ids: new Set<string>() };
    byDefinition.set(fold(definition), entry);
    entry.ids.add(printerId);
  }
  const jobStarted = [...byDefinition.values()].map(({ definition, ids }) => ({
    definition,
    printers: { include: [...ids] },
  }));
  return {
    version: 1,
    ...(jobStarted.length > 0 ? { jobStarted } : {}),
    ...(fetchable.size > 0 ? { jobFetchable: { printers: { include: [...fetchable] } } } : {}),
  };
}
