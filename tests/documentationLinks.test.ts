import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = join(__dirname, '..');
const IN_ROOT = readdirSync(ROOT).filter((file) => file.endsWith('.md'));
const BELOW = ['docs', 'examples', 'infra', '.github']
  .filter((folder) => existsSync(join(ROOT, folder)))
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md') && !file.includes('node_modules'))
      .map((file) => join(folder, file)),
  );

/** The text without what GitHub shows as code: brackets there are no links, and a # begins no heading. */
const withoutCode = (markdown: string) =>
  markdown.replace(/^```[^\n]*\n[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]]/g, ' '));

/** The anchors of a page, as GitHub makes them of its headings. A second heading with the same text gets `-1`. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(markdown).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = text.replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-');
    let free = anchor;
    for (let count = 1; anchors.has(free); count += 1) free = `${anchor}-${count}`;
    anchors.add(free);
  }
  return anchors;
}

/** Links with a path or an anchor of this repository. */
function linksOf(markdown: string): string[] {
  // Also of pictures in HTML, which have a variant for dark pages.
  const links = withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset)="([^"\s]+)"/g);
  const targets = [...links].map(([, target, source]) => target ?? source ?? '');
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

function faultOf(page: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), path);
  if (relative(ROOT, file).startsWith('..')) return 'is outside the repository';
  if (!existsSync(file)) return 'does not exist';
  if (anchor === undefined) return undefined;
  if (statSync(file).isDirectory() || !file.endsWith('.md')) return 'has an anchor, and is no page';
  return anchorsOf(readFileSync(file, 'utf8')).has(anchor) ? undefined : 'has no heading for this anchor';
}

describe('links of the documentation', () => {
  it.each([...IN_ROOT, ...BELOW])('%s: each path and anchor exists', (page) => {
    const links = linksOf(readFileSync(join(ROOT, page), 'utf8'));
    const faults = links.flatMap((target) => {
      const fault = faultOf(page, target);
      return fault === undefined ? [] : [`${target} ${fault}`];
    });
    expect(faults).toEqual([]);
  });

  it('are found in the pages that have them', () => {
    expect(linksOf(readFileSync(join(ROOT, 'README.md'), 'utf8')).length).toBeGreaterThan(20);
  });

  it('read headings as GitHub does', () => {
    const page = '# A `print.job.started`, or [two](x.md)?\n## Same\n## Same\n```sh\n# no heading\n```\n';
    expect([...anchorsOf(page)]).toEqual(['a-printjobstarted-or-two', 'same', 'same-1']);
    expect(linksOf('[a](b.md#c) `[d](e.md)` [f](https://g.example) <img alt="h" src="i.png">')).toEqual([
      'b.md#c',
      'i.png',
    ]);
    expect(faultOf('README.md', '#no-such-heading')).toBe('has no heading for this anchor');
    expect(faultOf('docs/rules.md', 'no-such-page.md')).toBe('does not exist');
  });
});
