import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DELEGATED_PERMISSIONS, SCENARIOS } from '../cli/scenarios';
import { describeEmptyCloud } from '../local/describeLocalCloud';
import { DEFAULT_PORTS } from '../local/startLocalCloud';
import { type WatchResult, logResult } from '../shared/subscriptions/record';
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
  it('lists the same permissions as the command line, scenario by scenario', () => {
    const rows = readTable(onboarding, 'scenario').map(([scenario, permissions]) => ({
      scenario,
      permissions: quotedIn(permissions ?? ''),
    }));
    expect(rows).toEqual(SCENARIOS);
    expect(onboarding).toContain(
      `delegated: ${DELEGATED_PERMISSIONS.map((permission) => `\`${permission}\``).join(' and ')}`,
    );
  });

  it('contains every command that npm start -- --empty prints', () => {
    const said = describeEmptyCloud({
      appUrl: `http://127.0.0.1:${DEFAULT_PORTS.host}`,
      graphUrl: `http://127.0.0.1:${DEFAULT_PORTS.graph}`,
      authorityUrl: `https://localhost:${DEFAULT_PORTS.token}`,
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

  it('is linked from the README, with the page on operation', () => {
    expect(read('README.md')).toContain('](docs/onboarding.md)');
    expect(read('README.md')).toContain('](docs/operations.md)');
  });
});

describe('docs/architecture.md', () => {
  const page = read('docs/architecture.md');

  it('names only files and folders that exist', () => {
    const files = [...page.matchAll(/\b(?:shared|functions|cli|local|tests)\/[\w./-]*/g)].map(([path]) => path);
    expect(files.length).toBeGreaterThan(30);
    expect([...new Set(files)].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('fits one page', () => {
    expect(page.split('\n').length).toBeLessThan(100);
  });

  it('is linked from CONTRIBUTING.md', () => {
    expect(read('CONTRIBUTING.md')).toContain('](docs/architecture.md)');
  });
});

describe('the table of log events in docs/logs.md', () => {
  /** All outcomes, complete by type. `logResult` decides which of them are logged. */
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
      status: 'pending',
    } as const;
    for (const outcome of Object.keys(outcomes) as (keyof typeof outcomes)[]) {
      logResult({ logger }, { outcome, watch });
    }
    return logger.events.map(({ event }) => event);
  }

  it('lists exactly the events that the app logs', () => {
    const put = new Map([['subscription.${outcome}', loggedOutcomes()]]);
    const calls = [
      ...(sourcesIn('shared') + sourcesIn('functions')).matchAll(
        /\blogger(?:\.(?:info|warn|error)|\[\w+\])\(\s*(?:'([^']+)'|`([^`]+)`|([^\s,)]+))/g,
      ),
    ];
    const logged = calls.flatMap(([, constant, template = '', variable]) => {
      // A name that this test cannot resolve fails as one that the table lacks.
      return constant ?? variable ?? put.get(template) ?? template;
    });
    const named = readTable(read('docs/logs.md'), 'event').flatMap(([events]) => quotedIn(events ?? ''));
    expect(logged.length).toBeGreaterThan(30);
    expect([...named].sort()).toEqual([...new Set(logged)].sort());
  });
});

describe('comparing a documented run with another', () => {
  const [one, two, three, four] = [1, 2, 3, 4].map((digit) => `${digit}0000000-0000-4000-8000-000000000000`);
  const shown = `Made ${one} at 2026-11-22T06:13:35.324Z\n`;

  it('finds them equal when only ids and times differ, and maps ids in later commands', () => {
    const runs = compareRuns();
    const { documented, actual } = runs.compare(shown, `Made ${two} at 2030-01-01T00:00:00.000Z\n\n`);
    expect(actual).toBe(documented);
    expect(runs.translate(`show ${one} --tenant ${four}`)).toBe(`show ${two} --tenant ${four}`);
    const later = runs.compare(`${one} of ${four}`, `${two} of ${four}`);
    expect(later.actual).toBe(later.documented);
  });

  it.each([
    ['a different word', `Created ${two} at 2030-01-01T00:00:00.000Z`],
    ['a different id for an id of the page', `Made ${three} at 2030-01-01T00:00:00.000Z`],
    ['an additional line', `${shown}Next: more`],
  ])('finds a difference: %s', (_name, said) => {
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
