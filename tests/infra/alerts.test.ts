import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '../../shared/telemetry/catalogue';
import { parseKql, partsOfKind, textOf } from '../support/parseKql';
import { alertFileNames, readAlerts, readWorkbookQueries } from './alertFiles';
import { findQueryFaults, metricsOf } from './queryFaults';

const ALERTS = readAlerts();

/** Durations that a scheduled query rule accepts, in minutes (alerts-create-log-alert-rule, "Frequency of evaluation"). */
const MINUTES: Readonly<Record<string, number>> = {
  ...{ PT5M: 5, PT10M: 10, PT15M: 15, PT30M: 30, PT1H: 60, PT2H: 120, PT6H: 360 },
};

describe('the check of queries', () => {
  const query = "AppMetrics | where Name == 'upr.queues.age' | extend Queue = tostring(Properties.queue)";

  it('accepts a query over metrics and dimensions that exist', () => {
    expect(findQueryFaults(query)).toEqual([]);
  });

  it.each([
    ['a metric was renamed', query.replace('queues.age', 'queues.ages'), 'no metric upr.queues.ages'],
    ['a metric of a list was renamed', query.replace("== 'upr.queues.age'", "in ('upr.held.age', 'x')"), 'no metric x'],
    ['a dimension was renamed', query.replace('Properties.queue', 'Properties.name'), 'no dimension name'],
    ['a dimension in brackets is unknown', query.replace('.queue)', "['name'])"), 'no dimension name'],
    ['a table does not exist', query.replace('AppMetrics', 'AppMetric'), "'AppMetric' does not refer to"],
    ['a column does not exist', `${query} | where Value > 1`, "'Value' does not refer to"],
    ['an operator does not exist', `${query} | filtered Sum`, 'Query operator expected'],
    ['it names no metric', 'AppMetrics | where Sum > 1', 'no metric is named'],
    ['it names no metric below a comment', '// One.\nAppMetrics | where Sum > 1', 'no metric is named'],
  ])('refuses a query when %s', (_what, mutated, fault) => {
    expect(findQueryFaults(mutated).join('\n')).toContain(fault);
  });

  it('refuses every alert after one of its metrics or dimensions was renamed in the catalogue', () => {
    for (const { name, query: text } of ALERTS) {
      for (const metric of metricsOf(text)) {
        const others = Object.entries(METRICS).filter(([one]) => one !== metric);
        expect([name, findQueryFaults(text, Object.fromEntries(others))]).not.toEqual([name, []]);
      }
    }
  });
});

describe('the alerts', () => {
  it('have a query each, and no query is without an alert', () => {
    expect(alertFileNames().sort()).toEqual(ALERTS.map(({ name }) => name).sort());
  });

  it.each(ALERTS.map((alert) => [alert.name, alert] as const))('%s has a valid query', (_name, { query }) => {
    expect(findQueryFaults(query)).toEqual([]);
  });

  it.each(ALERTS.map((alert) => [alert.name, alert] as const))(
    '%s says what it means, why it has its threshold, and what covers missing data',
    (_name, { query }) => {
      const comment = query.split('\n').filter((line) => line.startsWith('// '));
      expect(query.startsWith(comment.join('\n'))).toBe(true);
      expect(comment[0]).toMatch(/^\/\/ [A-Z].*\.$/);
      expect(comment.filter((line) => line.startsWith('// Threshold: '))).toHaveLength(1);
      const noData = comment.slice(comment.findIndex((line) => line.startsWith('// No data: '))).join(' ');
      const named = [...noData.matchAll(/\b(\w+)\.kql/g)].map(([, other]) => other);
      expect(named).toContain('noData');
      expect(alertFileNames()).toEqual(expect.arrayContaining(named));
    },
  );

  it.each(ALERTS.map((alert) => [alert.name, alert] as const))(
    '%s looks at a window that Azure accepts, and at each row at least twice',
    (_name, { frequency, window }) => {
      expect(MINUTES).toHaveProperty(frequency);
      expect(MINUTES).toHaveProperty(window);
      expect(MINUTES[window]).toBeGreaterThanOrEqual(2 * (MINUTES[frequency] ?? Infinity));
    },
  );

  it.each(ALERTS.map((alert) => [alert.name, alert] as const))(
    '%s splits by columns that its query returns, six at most',
    (_name, { query, dimensions }) => {
      // Azure Monitor: "You can apply up to six dimensions per alert rule" (alerts-create-log-alert-rule).
      expect(dimensions.length).toBeLessThanOrEqual(6);
      expect(parseKql(query).columns).toEqual(expect.arrayContaining(dimensions));
    },
  );

  it('avoid what a scheduled query rule refuses', () => {
    // bag_unpack, pivot, narrow, AggregatedValue (alerts-create-log-alert-rule).
    for (const { query } of ALERTS) expect(query).not.toMatch(/bag_unpack|pivot|narrow|AggregatedValue|\bago\(/);
  });

  it('use functions that the evaluation of alerts knows (infra/alerts/README.md)', () => {
    const page = readFileSync(join(__dirname, '..', '..', 'infra', 'alerts', 'README.md'), 'utf8');
    const rows = [...page.matchAll(/^\| (?:aggregates|functions) .*$/gm)].map(([row]) => row).join('\n');
    const known = [...rows.matchAll(/`(\w+)(?:\(.*?\))?`/g)].map(([, name]) => name);
    const { FunctionCallExpression } = Kusto.Language.Syntax.SyntaxKind;
    const used = ALERTS.flatMap(({ query }) => partsOfKind(parseKql(query).root, FunctionCallExpression)).map(
      (part) => textOf(part).split('(')[0],
    );
    expect(used.length).toBeGreaterThan(ALERTS.length);
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('return no time, which would cut a window into several', () => {
    for (const { query } of ALERTS) expect(parseKql(query).columns).not.toContain('TimeGenerated');
  });
});

describe('the workbook', () => {
  const queries = readWorkbookQueries();

  it.each(queries.map(({ title, query }) => [title, query]))('%s has a valid query', (_title, query) => {
    expect(findQueryFaults(query)).toEqual([]);
  });

  it('takes the time range of every query from its parameter', () => {
    expect(queries.length).toBeGreaterThan(0);
    for (const { timeContextFromParameter } of queries) expect(timeContextFromParameter).toBe('TimeRange');
  });

  it('shows, together with the alerts, every metric of the app', () => {
    const read = [...ALERTS, ...queries].flatMap(({ query }) => metricsOf(query));
    expect([...new Set(read)].sort()).toEqual(Object.keys(METRICS).sort());
  });
});
