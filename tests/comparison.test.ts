import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const page = readFileSync(join(ROOT, 'docs', 'comparison.md'), 'utf8');

interface Row {
  input: string;
  samples: string[];
  ours: string;
}

const rows: Row[] = page
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2)
  .map((line) => {
    const cells = line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim());
    return { input: cells[0] ?? '', samples: cells.slice(1, -1), ours: cells.at(-1) ?? '' };
  });

const SAMPLES = ['universalprint-samples', 'nodejs-webhooks-sample', 'aspnetcore-webhooks-sample'];
/** A link to lines of a file at one commit, which no later change of the sample moves. */
const LINK =
  /\[([^\]]+):(\d+)(?:-(\d+))?\]\(https:\/\/github\.com\/microsoftgraph\/([\w-]+)\/blob\/([0-9a-f]{40})\/([^)#]+)#L(\d+)(?:-L(\d+))?\)/g;

describe('docs/comparison.md', () => {
  it('compares the inputs that decide whether a job is lost, doubled or forged', () => {
    expect(rows.length).toBeGreaterThanOrEqual(14);
    expect(rows.every(({ samples }) => samples.length === SAMPLES.length)).toBe(true);
    const inputs = rows.map(({ input }) => input).join('\n');
    for (const input of [
      'handshake',
      'forged',
      'twice',
      'never arrives',
      '429',
      'dies',
      'expires',
      'too large',
      'slow',
    ]) {
      expect(inputs).toContain(input);
    }
  });

  it.each(rows.map((row) => [row.input, row] as const))(
    '%s: each cell names its proof',
    (_input, { samples, ours }) => {
      const repositories = samples.map((cell) => [...cell.matchAll(LINK)].map(([, , , , name]) => name));
      expect(repositories.map((names) => [...new Set(names)])).toEqual(SAMPLES.map((name) => [name]));
      for (const [, label = '', from, to, , , path = '', fromLine, toLine] of samples.join('\n').matchAll(LINK)) {
        expect([path.split('/').at(-1), fromLine, toLine]).toEqual([label, from, to]);
      }
      const tests = [...ours.matchAll(/\]\(\.\.\/(tests\/[\w/.-]+\.test\.ts)\)/g)].map(([, file = '']) => file);
      expect(tests.length).toBeGreaterThanOrEqual(1);
      expect(tests.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    },
  );

  it('reads one commit of each sample', () => {
    const commits = new Map<string, Set<string>>();
    for (const [, , , , name = '', commit = ''] of page.matchAll(LINK)) {
      commits.set(name, (commits.get(name) ?? new Set()).add(commit));
    }
    expect([...commits].map(([name, { size }]) => [name, size])).toEqual(SAMPLES.map((name) => [name, 1]));
  });
});
