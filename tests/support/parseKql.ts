// Scripts that make the globals Bridge and Kusto. The first has to be loaded before the second.
import '@kusto/language-service-next/bridge.js';
import '@kusto/language-service-next/Kusto.Language.Bridge.js';

const { KustoCode, GlobalState, Symbols, Syntax } = Kusto.Language;

/**
 * The tables of Application Insights that queries may read, with the columns that they may name.
 * Source: azure-monitor/reference/tables/appmetrics and apptraces.
 */
const TABLES: Readonly<Record<string, string>> = {
  AppMetrics:
    '(TimeGenerated: datetime, Name: string, Sum: real, ItemCount: int, Min: real, Max: real, Properties: dynamic, ' +
    'AppRoleName: string, AppRoleInstance: string, AppVersion: string)',
  AppTraces:
    '(TimeGenerated: datetime, Message: string, SeverityLevel: int, Properties: dynamic, OperationId: string, ' +
    'AppRoleName: string, AppRoleInstance: string, AppVersion: string)',
};

/** A parsed query whose names are bound to the tables. */
export interface ParsedKql {
  /** What the language service finds wrong with it. Empty: the query is valid. */
  faults: string[];
  /** The columns of the rows that it returns. */
  columns: string[];
  root: Kusto.Language.Syntax.SyntaxNode;
}

/** Binding takes tens of milliseconds, and checks look at a query several times. */
const parsed = new Map<string, ParsedKql>();

/** Parses a query and binds its names. */
export function parseKql(query: string): ParsedKql {
  const known = parsed.get(query) ?? parseAndBind(query);
  parsed.set(query, known);
  return known;
}

function parseAndBind(query: string): ParsedKql {
  const code = KustoCode.ParseAndAnalyze(query, globals());
  const root = code?.Syntax;
  if (!code || !root) throw new Error('The language service returned no syntax');
  const faults = listOf(code.GetDiagnostics()).map(({ Start, Message }) => {
    return `line ${query.slice(0, Start).split('\n').length}: ${Message ?? ''}`;
  });
  const columns = listOf(code.ResultType?.Members).map(({ Name }) => Name ?? '');
  return { faults, columns, root };
}

/** The text of a part of a query, without the space and the comments before it. */
export function textOf(part: Kusto.Language.Syntax.SyntaxElement): string {
  return part.ToString(Syntax.IncludeTrivia.Interior)?.trim() ?? '';
}

/** The parts of a query that are of a kind, in the order of the text. */
export function partsOfKind(
  root: Kusto.Language.Syntax.SyntaxElement,
  kind: Kusto.Language.Syntax.SyntaxKind,
): Kusto.Language.Syntax.SyntaxElement[] {
  const found: Kusto.Language.Syntax.SyntaxElement[] = [];
  Syntax.SyntaxElement.WalkElements(root, (element) => {
    if (element.Kind === kind) found.push(element);
  });
  return found;
}

function listOf<T>(list: System.Collections.Generic.IReadOnlyList$1<T> | null | undefined): T[] {
  return list ? Array.from({ length: list.Count }, (_, index) => list.getItem(index)) : [];
}

function globals() {
  const tables = Object.entries(TABLES).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, ''));
  return GlobalState.Default?.WithDatabase(new Symbols.DatabaseSymbol.$ctor2('workspace', null, tables)) ?? null;
}
