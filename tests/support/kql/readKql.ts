import { parseKql } from '../parseKql';

/** Values of datetime are milliseconds since 1970, and those of timespan are milliseconds. `type` says which a number is. */
export type Value = unknown;

export interface Column {
  readonly name: string;
  readonly type: string;
}

/** A part of a query, free of the classes of the language service. */
export interface KqlNode {
  /** As in Kusto.Language.Syntax.SyntaxKind. */
  readonly kind: string;
  readonly text: string;
  /** Of a scalar expression: `long`, `string`, … */
  readonly type: string;
  /** Of a table expression. */
  readonly columns: readonly Column[];
  /** Of a literal. */
  readonly value: Value;
  readonly parts: Readonly<Record<string, KqlNode>>;
  /** The elements of a list. */
  readonly items: readonly KqlNode[];
}

const { Syntax, Symbols } = Kusto.Language;

const KIND_NAMES = new Map<unknown, string>(Object.entries(Syntax.SyntaxKind).map(([name, kind]) => [kind, name]));

/** The text without the comments before it. */
function textOf(element: Kusto.Language.Syntax.SyntaxElement): string {
  return element.ToString(Syntax.IncludeTrivia.Interior)?.trim() ?? '';
}

/** Flows evaluate the same queries many times. */
const known = new Map<string, KqlNode>();

/** The syntax tree of a query. Throws all that the language service finds wrong. */
export function readKql(query: string): KqlNode {
  const { faults, root } = parseKql(query);
  if (faults.length > 0) throw new Error(`The query is invalid: ${faults.join(', ')}`);
  const node = known.get(query) ?? readNode(root);
  known.set(query, node);
  return node;
}

function readNode(element: Kusto.Language.Syntax.SyntaxElement): KqlNode {
  const kind = KIND_NAMES.get(element.Kind) ?? '';
  const children = Array.from({ length: element.ChildCount }, (_, index) => element.GetChild(index)).flatMap(
    (child) => child ?? [],
  );
  // An element of a list comes with its comma, in a node of their own.
  if (kind === 'SeparatedElement' && children[0]) return readNode(children[0]);
  const result = element instanceof Syntax.Expression ? element.ResultType : null;
  const read = children.map((child) => ({ name: child.NameInParent ?? '', node: readNode(child) }));
  return {
    kind,
    text: textOf(element),
    type: result?.Name ?? '',
    columns: result instanceof Symbols.TableSymbol ? readColumns(result) : [],
    value: element instanceof Syntax.LiteralExpression ? readLiteral(element, result?.Name ?? '') : undefined,
    parts: Object.fromEntries(read.map(({ name, node }) => [name, node])),
    items: kind === 'List' ? read.map(({ node }) => node) : [],
  };
}

function readColumns(table: Kusto.Language.Symbols.TableSymbol): Column[] {
  const { Columns } = table;
  return Array.from({ length: Columns?.Count ?? 0 }, (_, index) => {
    const column = Columns?.getItem(index);
    return { name: column?.Name ?? '', type: column?.Type?.Name ?? '' };
  });
}

/** The language service keeps numbers, dates and time spans as objects of its own, so the text is read. */
function readLiteral(literal: Kusto.Language.Syntax.LiteralExpression, type: string): Value {
  const text = textOf(literal);
  if (/^\w+\(null\)$/.test(text)) return null;
  if (type === 'string') return String(literal.LiteralValue);
  const value = type === 'bool' ? { true: true, false: false }[text] : readNumber(text, type);
  if (value === undefined || Number.isNaN(value)) throw new Error(`The evaluator does not know the literal ${text}.`);
  return value;
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** `5`, `real(5)`, `5m`, `time(5m)`, `datetime(2020-01-01)`, `datetime(2020-01-01 10:20:30)`. NaN for another form. */
function readNumber(text: string, type: string): number {
  const inner = /^\w+\((.*)\)$/.exec(text)?.[1]?.trim() ?? text;
  if (type === 'timespan') {
    const [, count, unit = ''] = /^([\d.]+)(d|h|m|s|ms)$/.exec(inner) ?? [];
    return Number(count) * (UNITS[unit] ?? Number.NaN);
  }
  if (type === 'datetime') {
    const [, date, time = '00:00:00'] = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d))?Z?$/.exec(inner) ?? [];
    return Date.parse(`${date}T${time}Z`);
  }
  return Number(inner);
}
