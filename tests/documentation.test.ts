import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DELEGATED_PERMISSIONS, SCENARIOS } from '../cli/tenants';
import { describeLocalCloud } from '../local/describeLocalCloud';
import { DEFAULT_PORTS } from '../local/startLocalCloud';
import { logResult, type WatchResult } from '../shared/subscriptions/watchResult';
import { compareRuns } from './support/comparedRuns';
import { createCapturedLogger } from './support/createCapturedLogger';
import { readDocumentSteps } from './support/documentSteps';

const ROOT = join(__dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const onboarding = read('docs/onboarding.md');

/** The rows of the Markdown table whose first heading is `heading`, cell by cell. */
function readTable(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} `));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const quotedIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, quoted]) => quoted ?? '');

function sourcesIn(folder: string): string {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => read(join(folder, file)))
    .join('\n');
}

describe('docs/onboarding.md', () => {
  it('asks for the permissions that the command line names, scenario by scenario', () => {
    const rows = readTable(onboarding, 'scenario').map(([scenario, permissions]) => ({
      scenario,
      permissions: quotedIn(permissions ?? ''),
    }));
    expect(rows).toEqual(SCENARIOS);
    expect(onboarding).toContain(
      `delegated: ${DELEGATED_PERMISSIONS.map((permission) => `\`${permission}\``).join(' and ')}`,
    );
  });

  it('quotes, as symptoms, what the program or the consent page really says', () => {
    const sources = sourcesIn('cli') + sourcesIn('shared');
    const symptoms = readTable(onboarding, 'symptom').map(([symptom]) => symptom ?? '');
    expect(symptoms.length).toBeGreaterThan(10);
    const quotes = symptoms.flatMap((symptom) => [
      ...quotedIn(symptom),
      ...[...symptom.matchAll(/"([^"]+)"/g)].map(([, words]) => words ?? ''),
    ]);
    // A message is put together: what stands between two of its values must be in the source as it is.
    const pieces = quotes.flatMap((quote) => quote.split(/<[a-z]+>|\b\d{3}\b|POST \S+|: /));
    expect(pieces.map((piece) => piece.trim()).filter((piece) => !sources.includes(piece))).toEqual([]);
  });

  it('has every command that npm start prints', () => {
    const said = describeLocalCloud({
      appUrl: `http://127.0.0.1:${DEFAULT_PORTS.host}`,
      graphUrl: `http://127.0.0.1:${DEFAULT_PORTS.graph}`,
      authorityUrl: `https://localhost:${DEFAULT_PORTS.token}`,
      tenantId: 'aaaaaaaa-0000-4000-8000-000000000001',
      printerIds: {
        waiting: 'bbbbbbbb-0000-4000-8000-000000000001',
        free: 'bbbbbbbb-0000-4000-8000-000000000002',
      },
    });
    const printed = said.split('\n').flatMap((line) => /^ {2}((?:npm|curl) .*)$/.exec(line)?.[1] ?? []);
    expect(printed.length).toBeGreaterThan(5);
    const definition = / --definition ([0-9a-f-]{36})/.exec(onboarding)?.[1] ?? '';
    const documented = readDocumentSteps(onboarding).map((step) =>
      step.kind === 'command' ? step.command.replace(definition, '<definition>') : '',
    );
    expect(printed.filter((command) => !documented.includes(command))).toEqual([]);
    expect(onboarding).toContain(/http\S+devicelogin\S+/.exec(said)?.[0] ?? 'no device login');
  });

  it('is what the README sends its reader to, with the page on operating', () => {
    expect(read('README.md')).toContain('](docs/onboarding.md)');
    expect(read('README.md')).toContain('](docs/operations.md)');
  });
});

describe('the table of log events in the README', () => {
  /** Complete by its type; which of them are logged is for `logResult` to say. */
  const outcomes: Record<WatchResult['outcome'], true> = {
    nothing: true,
    created: true,
    renewed: true,
    replaced: true,
    removed: true,
    failed: true,
    busy: true,
  };

  function loggedOutcomes(): string[] {
    const logger = createCapturedLogger();
    const watch = {
      tenantId: '10000000-0000-4000-8000-000000000000',
      kind: 'jobFetchable',
      id: '20000000-0000-4000-8000-000000000000',
      since: '2026-11-22T06:00:00.000Z',
      wanted: true,
      generation: 0,
      failures: 0,
    } as const;
    for (const outcome of Object.keys(outcomes) as (keyof typeof outcomes)[]) {
      logResult({ logger }, { outcome, watch });
    }
    return logger.events.map(({ event }) => event);
  }

  it('names every event that the app logs, and no other', () => {
    const put = new Map([['subscription.${outcome}', loggedOutcomes()]]);
    const calls = [
      ...(sourcesIn('shared') + sourcesIn('functions')).matchAll(
        /\blogger(?:\.(?:info|warn|error)|\[\w+\])\(\s*(?:'([^']+)'|`([^`]+)`|([^\s,)]+))/g,
      ),
    ];
    const logged = calls.flatMap(([, constant, template = '', variable]) => {
      // A name that this test cannot resolve shows up as one that the table lacks.
      return constant ?? variable ?? put.get(template) ?? template;
    });
    const named = readTable(read('README.md'), 'event').flatMap(([events]) => quotedIn(events ?? ''));
    expect(logged.length).toBeGreaterThan(30);
    expect([...named].sort()).toEqual([...new Set(logged)].sort());
  });
});

describe('.funcignore', () => {
  it('names files and folders from the root: by gitignore rules, others would match below dist/functions too', () => {
    const named = read('.funcignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(named).toContain('/functions/');
    expect(named.filter((line) => !line.startsWith('/') && !line.includes('*'))).toEqual([]);
  });
});

describe('comparing a documented run with another', () => {
  const [one, two, three, four] = [1, 2, 3, 4].map((digit) => `${digit}0000000-0000-4000-8000-000000000000`);
  const shown = `Made ${one} at 2026-11-22T06:13:35.324Z\n`;

  it('finds them equal when only ids and times differ, and carries ids into later commands', () => {
    const runs = compareRuns();
    const { documented, actual } = runs.compare(shown, `Made ${two} at 2030-01-01T00:00:00.000Z\n\n`);
    expect(actual).toBe(documented);
    expect(runs.translate(`show ${one} --tenant ${four}`)).toBe(`show ${two} --tenant ${four}`);
    const later = runs.compare(`${one} of ${four}`, `${two} of ${four}`);
    expect(later.actual).toBe(later.documented);
  });

  it.each([
    ['another word', `Created ${two} at 2030-01-01T00:00:00.000Z`],
    ['an id that the page shows is another one here', `Made ${three} at 2030-01-01T00:00:00.000Z`],
    ['a line more', `${shown}Next: more`],
  ])('shows a drift: %s', (_name, said) => {
    const runs = compareRuns();
    runs.compare(`${one} ${three}`, `${two} ${three}`);
    const { documented, actual } = runs.compare(shown, said);
    expect(actual).not.toBe(documented);
  });

  it('reads commands with their output, and settings, from a page', () => {
    const page = 'Words\n```console\n$ a\nsaid\n$ b\n```\n```dotenv\nA=b=c\n```\n```sh\n$ not run\n```\n';
    expect(readDocumentSteps(page)).toEqual([
      { kind: 'command', line: 3, command: 'a', output: 'said\n' },
      { kind: 'command', line: 5, command: 'b', output: '' },
      { kind: 'settings', line: 7, values: { A: 'b=c' } },
    ]);
  });
});
