import { METRICS } from '../../shared/telemetry/catalogue';
import { parseKql, partsOfKind, textOf } from '../support/parseKql';

/** What is measured, as far as queries name it. */
type Catalogue = Readonly<Record<string, { readonly dimensions: readonly string[] }>>;

const { SyntaxKind } = Kusto.Language.Syntax;

/** The metrics that a query reads: the texts that it compares with the column Name. */
export function metricsOf(query: string): string[] {
  const { root } = parseKql(query);
  const comparisons = [SyntaxKind.EqualExpression, SyntaxKind.InExpression]
    .flatMap((kind) => partsOfKind(root, kind))
    .filter((part) => /^Name\b/.test(textOf(part)));
  const texts = comparisons.flatMap((part) => partsOfKind(part, SyntaxKind.StringLiteralExpression));
  return [...new Set(texts.map((text) => textOf(text).slice(1, -1)))];
}

/**
 * What is wrong with a query: syntax, tables and columns that do not exist, metrics that the catalogue lacks, and dimensions that
 * none of its metrics has. Empty: nothing.
 */
export function findQueryFaults(query: string, catalogue: Catalogue = METRICS): string[] {
  const { faults, root } = parseKql(query);
  const metrics = metricsOf(query);
  const known = new Set(metrics.flatMap((metric) => catalogue[metric]?.dimensions ?? []));
  const read = [SyntaxKind.PathExpression, SyntaxKind.ElementExpression]
    .flatMap((kind) => partsOfKind(root, kind))
    .flatMap((part) => /^Properties\W+(\w+)/.exec(textOf(part))?.[1] ?? []);
  return [
    ...faults,
    ...(metrics.length === 0 && readsMetrics(root) ? ['no metric is named'] : []),
    ...metrics.filter((metric) => !(metric in catalogue)).map((metric) => `no metric ${metric}`),
    ...read.filter((dimension) => !known.has(dimension)).map((dimension) => `no dimension ${dimension}`),
  ];
}

function readsMetrics(root: Kusto.Language.Syntax.SyntaxNode): boolean {
  return partsOfKind(root, SyntaxKind.NameReference).some((part) => textOf(part) === 'AppMetrics');
}
