import { positionOfGreatest } from './aggregates';
import { evaluateExpression, partOf, type Row, type Scope } from './evaluateExpression';
import { readKql, type Column, type KqlNode, type Value } from './readKql';

export interface KqlData {
  /** Rows by the name of their table. A column that a row lacks is empty. Dates are Date. */
  readonly tables?: Readonly<Record<string, readonly Row[]>>;
  /** The time of now() and ago(), in milliseconds since 1970. */
  readonly now: number;
}

/** The rows of each table name, and the values of let. */
interface World extends Omit<Scope, 'row'> {
  readonly tables: ReadonlyMap<string, readonly Row[]>;
}

/**
 * Evaluates a query as Azure Monitor would, for the small part of KQL that it knows: README of infra/alerts.
 *
 * @returns its rows. A datetime is a Date, a timespan a number of milliseconds
 * @throws for a query that is invalid, and for each operator, function or type that it does not know
 */
export function evaluateKql(query: string, { tables = {}, now }: KqlData): Row[] {
  const statements = partOf(readKql(query), 'Statements').items;
  let world: World = { now, lets: new Map(), tables: new Map(Object.entries(tables)) };
  let result: Row[] = [];
  for (const statement of statements) {
    const expression = partOf(statement, 'Expression');
    if (statement.kind === 'LetStatement') world = define(world, partOf(statement, 'Name').text, expression);
    else if (statement.kind === 'ExpressionStatement') {
      result = evaluateTable(expression, world).map((row) => presentRow(row, expression.columns));
    } else throw new Error(`The evaluator does not know ${statement.kind}: ${statement.text}`);
  }
  return result;
}

function define(world: World, name: string, expression: KqlNode): World {
  if (expression.columns.length === 0) {
    const value = evaluateExpression(expression, { ...world, row: {} });
    return { ...world, lets: new Map([...world.lets, [name, value]]) };
  }
  return { ...world, tables: new Map([...world.tables, [name, evaluateTable(expression, world)]]) };
}

function presentRow(row: Row, columns: readonly Column[]): Row {
  const entries = columns.map(({ name, type }) => {
    const value = row[name];
    return [name, type === 'datetime' && typeof value === 'number' ? new Date(value) : value] as const;
  });
  return Object.fromEntries(entries);
}

function evaluateTable(node: KqlNode, world: World): Row[] {
  switch (node.kind) {
    case 'PipeExpression':
      return applyOperator(partOf(node, 'Operator'), evaluateTable(partOf(node, 'Expression'), world), world);
    case 'ParenthesizedExpression':
      return evaluateTable(partOf(node, 'Expression'), world);
    case 'NameReference':
      return rowsOf(node.text, world).map((row) => takeColumns(row, node.columns));
    case 'PrintOperator':
      return [evaluateColumns(partOf(node, 'Expressions').items, node.columns, { ...world, row: {} })];
    case 'DataTableExpression':
      return readDataTable(node, world);
    case 'UnionOperator':
      return applyOperator(node, [], world);
    default:
      throw new Error(`The evaluator does not know ${node.kind}: ${node.text}`);
  }
}

function rowsOf(name: string, { tables }: World): readonly Row[] {
  const rows = tables.get(name);
  if (rows) return rows;
  throw new Error(`There is no table ${name}.`);
}

/** The columns that a table has, with the empty value of their type where the row has none. */
function takeColumns(row: Row, columns: readonly Column[]): Row {
  const entries = columns.map(({ name, type }) => {
    const value = row[name] instanceof Date ? row[name].getTime() : row[name];
    return [name, value ?? (type === 'string' ? '' : null)] as const;
  });
  return Object.fromEntries(entries);
}

function readDataTable(node: KqlNode, world: World): Row[] {
  const values = partOf(node, 'Values').items.map((item) => evaluateExpression(item, { ...world, row: {} }));
  const { columns } = node;
  return Array.from({ length: values.length / columns.length }, (_, index) =>
    toRow(columns, values.slice(index * columns.length)),
  );
}

function toRow(columns: readonly Column[], values: readonly Value[]): Row {
  return Object.fromEntries(columns.map(({ name }, index) => [name, values[index] ?? null]));
}

function evaluateColumns(expressions: readonly KqlNode[], columns: readonly Column[], scope: Scope): Row {
  return toRow(
    columns,
    expressions.map((expression) => evaluateExpression(expression, scope)),
  );
}

function applyOperator(node: KqlNode, rows: Row[], world: World): Row[] {
  const { parts, columns } = node;
  if ((parts['Parameters']?.items ?? []).length > 0) {
    throw new Error(`The evaluator does not know parameters of operators: ${node.text}`);
  }
  const inRow = (expression: KqlNode, row: Row) => evaluateExpression(expression, { ...world, row });
  switch (node.kind) {
    case 'FilterOperator':
      // Null values: where treats null as false.
      return rows.filter((row) => inRow(partOf(node, 'Condition'), row) === true);
    case 'ProjectOperator':
      return rows.map((row) => evaluateColumns(partOf(node, 'Expressions').items, columns, { ...world, row }));
    case 'ExtendOperator':
      return rows.map((row) => ({ ...row, ...extendRow(partOf(node, 'Expressions').items, row, world) }));
    case 'SummarizeOperator':
      return summarize(node, rows, world);
    case 'CountOperator':
      return [{ Count: rows.length }];
    case 'TakeOperator':
      return rows.slice(0, Number(inRow(partOf(node, 'Expression'), {})));
    case 'SortOperator':
      return sortRows(rows, partOf(node, 'Expressions').items, world);
    case 'TopOperator':
      return sortRows(rows, [partOf(node, 'ByExpression')], world).slice(
        0,
        Number(inRow(partOf(node, 'Expression'), {})),
      );
    case 'UnionOperator': {
      const others = partOf(node, 'Expressions').items.flatMap((table) => evaluateTable(table, world));
      return [...rows, ...others].map((row) => takeColumns(row, columns));
    }
    default:
      throw new Error(`The evaluator does not know ${node.kind}: ${node.text}`);
  }
}

function extendRow(expressions: readonly KqlNode[], row: Row, world: World): Row {
  const entries = expressions.map((expression) => {
    if (expression.kind !== 'SimpleNamedExpression') throw new Error(`Name the column: ${expression.text}`);
    return [partOf(expression, 'Name').text, evaluateExpression(expression, { ...world, row })] as const;
  });
  return Object.fromEntries(entries);
}

/** By columns first, then the aggregates. One row for no rows without `by`, no row with it (summarize-operator). */
function summarize(node: KqlNode, rows: Row[], world: World): Row[] {
  const by = node.parts['ByClause'] ? partOf(node.parts['ByClause'], 'Expressions').items : [];
  const groups = new Map<string, { keys: Value[]; group: Row[] }>();
  if (by.length === 0) groups.set('', { keys: [], group: [] });
  for (const row of rows) {
    const keys = by.map((expression) => evaluateExpression(expression, { ...world, row }));
    const found = by.length === 0 ? '' : JSON.stringify(keys);
    const entry = groups.get(found) ?? { keys, group: [] };
    entry.group.push(row);
    groups.set(found, entry);
  }
  const aggregates = partOf(node, 'Aggregates').items;
  return [...groups.values()].map(({ keys, group }) => {
    const values = aggregates.flatMap((expression) => aggregateGroup(expression, by, group, world));
    return toRow(node.columns, [...keys, ...values]);
  });
}

function aggregateGroup(expression: KqlNode, by: readonly KqlNode[], group: Row[], world: World): Value[] {
  if (expression.kind !== 'FunctionCallExpression' || partOf(expression, 'Name').text !== 'arg_max') {
    return [evaluateExpression(expression, { ...world, row: {}, group })];
  }
  const [maximized, ...returned] = partOf(partOf(expression, 'ArgumentList'), 'Expressions').items;
  if (!maximized) throw new Error(`arg_max has no argument: ${expression.text}`);
  const inRow = (row: Row, node: KqlNode) => evaluateExpression(node, { ...world, row });
  const best = group[positionOfGreatest(group.map((row) => inRow(row, maximized)))];
  if (!best) return [];
  const named = [maximized, ...by].map(({ text }) => text);
  const others = returned.flatMap((node) =>
    node.text === '*'
      ? Object.keys(best).flatMap((name) => (named.includes(name) ? [] : [best[name]]))
      : [inRow(best, node)],
  );
  return [inRow(best, maximized), ...others];
}

/** Descending unless `asc`. Null values come last when descending, and first when ascending (sort-operator). */
function sortRows(rows: Row[], orders: readonly KqlNode[], world: World): Row[] {
  const keys = orders.map((order) => {
    const ordered = order.kind === 'OrderedExpression';
    const direction = ordered ? partOf(order, 'Ordering').text : 'desc';
    if (direction !== 'asc' && direction !== 'desc') throw new Error(`The evaluator does not know ${direction}.`);
    return { node: ordered ? partOf(order, 'Expression') : order, sign: direction === 'asc' ? 1 : -1 };
  });
  const compare = (left: Value, right: Value): number => {
    if (left === right) return 0;
    if (left === null || right === null) return left === null ? -1 : 1;
    if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : 1;
    if (typeof left === 'number' && typeof right === 'number') return left - right;
    throw new Error('The evaluator does not know the order of these values.');
  };
  return [...rows].sort((left, right) => {
    for (const { node, sign } of keys) {
      const values = [left, right].map((row) => evaluateExpression(node, { ...world, row }));
      const order = sign * compare(values[0], values[1]);
      if (order !== 0) return order;
    }
    return 0;
  });
}
