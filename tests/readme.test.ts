import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const readme = read('README.md');

/** The block after the comment `<!-- demo: … -->`. */
function demoIn(markdown: string): string {
  return /<!-- demo: [^\n]* -->\n+```text\n([\s\S]*?)```\n/.exec(markdown)?.[1] ?? '';
}

describe('README.md', () => {
  it('has at most 170 lines', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(170);
  });

  it('has its sections in the order in which a reader asks', () => {
    const headings = [...readme.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
    // The two comments in the block of commands of "Try a failure" begin no line.
    expect(headings).toEqual([
      'Universal Print Receiver',
      'The flow',
      'Quick start',
      'Try a failure',
      'Receive events',
      'What you can do with a job',
      'Deploy',
      'Onboard',
      'Operate',
      'Guarantees',
      'Security',
      'Documentation',
      'Contributing',
    ]);
  });

  it('has the two commands of the quick start in one block, and how long they take', () => {
    const start = readme.slice(readme.indexOf('## Quick start'), readme.indexOf('## Try a failure'));
    expect(start).toContain('```sh\nnpm ci && npm run demo\nnpm ci && npm test\n```\n');
    expect(start).toMatch(/minute/);
  });

  it('describes its picture to those who cannot see it', () => {
    const [picture = ''] = /```mermaid\n[\s\S]*?```/.exec(readme) ?? [];
    expect(picture).toMatch(/^ {2}accTitle: \S.{10,}$/m);
    expect(picture).toMatch(/^ {2}accDescr \{\n(?: {4}\S.*\n){3,} {2}\}$/m);
  });

  it('shows the console in both color schemes, with a text for those who cannot see it', () => {
    const start = readme.slice(readme.indexOf('## Quick start'), readme.indexOf('## Try a failure'));
    // documentationLinks.test.ts checks that both files exist.
    expect(start).toMatch(/<source media="\(prefers-color-scheme: dark\)" srcset="docs\/images\/[\w-]+\.png"/);
    expect(start).toMatch(/<img\s+alt="The console: [^"]{40,}"\s+src="docs\/images\/[\w-]+\.png"/);
  });

  it('shows a few lines of a run of the demo, which docs/simulator.md shows whole', () => {
    const excerpt = demoIn(readme);
    expect(excerpt).toMatch(/ is lost/);
    expect(excerpt.trimEnd().split('\n').length).toBeLessThanOrEqual(15);
    const whole = demoIn(read('docs/simulator.md'));
    expect(whole).toContain(excerpt);
    expect(whole).toMatch(/ Nothing is left running\.\n$/);
  });

  it('has no table of settings, log events or scripts, which have pages of their own', () => {
    for (const heading of ['| name ', '| event ', '| script ', '| exit code ']) expect(readme).not.toContain(heading);
    for (const page of ['settings', 'logs', 'troubleshooting', 'simulator', 'architecture', 'glossary', 'comparison']) {
      expect(readme).toContain(`](docs/${page}.md)`);
    }
  });
});
