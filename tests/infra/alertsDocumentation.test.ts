import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { partsOfKind, parseKql, textOf } from '../support/parseKql';
import { readAlerts } from './alertFiles';
import { findQueryFaults } from './queryFaults';

const read = (path: string) => readFileSync(join(__dirname, '..', '..', path), 'utf8');
const page = read('docs/alerts.md');
const ALERTS = readAlerts();

/** What comes before the sections of the alerts. */
const GENERAL = ['Before you begin', 'Find the cause of a stuck job'];

/** The sections of the page: each heading of the second level with the text below it. */
const sections = page
  .split(/^## /m)
  .slice(1)
  .map((text) => ({ title: text.split('\n')[0] ?? '', text }));

const queriesIn = (markdown: string) =>
  [...markdown.matchAll(/^```kusto\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);

describe('docs/alerts.md', () => {
  it('has a section for each alert, in the order of the alerts', () => {
    expect(sections.map(({ title }) => title)).toEqual([...GENERAL, ...ALERTS.map(({ title }) => title)]);
  });

  it('lists each alert with its severity', () => {
    const rows = [...page.matchAll(/^\| \[(.*?)\]\(#(.*?)\) +\| (\d) +\|/gm)].map(
      ([, title = '', section, severity]) => ({
        title,
        section,
        severity: Number(severity),
      }),
    );
    const expected = ALERTS.map(({ title, severity }) => ({
      title,
      section: title.toLowerCase().replaceAll(' ', '-'),
      severity,
    }));
    expect(rows).toEqual(expected);
  });

  it.each(sections.filter(({ title }) => !GENERAL.includes(title)).map(({ title, text }) => [title, text]))(
    '%s says what happens meanwhile, how to look, and what to do',
    (_title, text) => {
      const [means = '', ...rest] = text.split('\n\n').slice(1);
      expect(means).toMatch(/^[A-Z0-9].*\.$/s);
      expect(rest.filter((part) => part.startsWith('**Meanwhile**: '))).toHaveLength(1);
      expect(rest.filter((part) => part.startsWith('**Look**: '))).toHaveLength(1);
      expect(queriesIn(text)).toHaveLength(1);
      expect(text).toMatch(/\*\*Do\*\*:\n\n- /);
    },
  );

  it.each(queriesIn(page).map((query) => [query.replaceAll('\n', ' '), query]))(
    'has a valid query: %s',
    (_name, query) => {
      expect(findQueryFaults(query)).toEqual([]);
    },
  );

  it('names events of the log that exist', () => {
    const events = new Set([...read('docs/logs.md').matchAll(/`([a-zA-Z]+\.[a-zA-Z]+)`/g)].map(([, event]) => event));
    const inQueries = queriesIn(page)
      .filter((query) => query.startsWith('AppTraces'))
      .flatMap((query) => partsOfKind(parseKql(query).root, Kusto.Language.Syntax.SyntaxKind.StringLiteralExpression))
      .map((text) => textOf(text).slice(1, -1))
      .filter((text) => text.includes('.'));
    const inText = [...page.matchAll(/`([a-z]\w*\.[a-zA-Z]+)`(?= (?:of \S+ )?in the log| names)/g)].map(
      ([, event = '']) => event,
    );
    expect(inQueries.length).toBeGreaterThan(1);
    expect(inText.length).toBeGreaterThan(5);
    expect([...inQueries, ...inText].filter((event) => !events.has(event))).toEqual([]);
  });

  it('is linked from where operators look for it', () => {
    for (const from of ['docs/operations.md', 'docs/deploy.md']) expect(read(from)).toContain('](alerts.md)');
    for (const from of ['README.md', 'CHANGELOG.md']) expect(read(from)).toContain('](docs/alerts.md)');
  });
});
