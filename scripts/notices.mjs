/** THIRD-PARTY-NOTICES: the licence text of every package that the bundle ships, as their licences require of a copy. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TEXT_FILE = /^(licen[cs]e|copying|notice|third-?party-?notices?)([.-].*)?$/i;
const LINE = '-'.repeat(80);

/** @param packages of `readShippedPackages` */
export function formatNotices(name, packages) {
  const notices = packages.map(
    (one) => `${LINE}\n${one.name} ${one.version}, ${one.license}\n${LINE}\n\n${readText(one)}\n`,
  );
  const intro = `${name} contains ${packages.length} packages of others. Their licences follow.\n`;
  return [intro, ...notices].join('\n').replace(/\r\n?/g, '\n');
}

/**
 * The texts of a package: its files, else the section of its README, else the standard text of the licence that its
 * package.json names.
 *
 * @throws when there is no text at all
 */
function readText({ folder, name, license, author }) {
  const entries = readdirSync(folder).sort();
  const files = entries.filter((entry) => TEXT_FILE.test(entry));
  if (files.length > 0) return files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
  const readme = entries.find((entry) => /^readme\./i.test(entry));
  const section = readme === undefined ? undefined : licenceSection(readFileSync(join(folder, readme), 'utf8'));
  if (section !== undefined) return section;
  if (license === 'MIT' && author) return `Copyright (c) ${author}\n\n${MIT}`;
  throw new Error(
    `${name} has no licence text. Add the text of ${license} to scripts/notices.mjs, or use another package.`,
  );
}

/** The section "License" of a README, if it has a whole text. Some only name the licence. */
function licenceSection(readme) {
  const heading = /^(#+ *licen[cs]e.*|licen[cs]e *\r?\n-+) *$/im.exec(readme);
  if (!heading) return undefined;
  const text = readme.slice(heading.index + heading[0].length).split(/^(?:#|\[[^\]]+\]:)/m)[0];
  return /permission is hereby granted|redistribution and use/i.test(text) ? text.trim() : undefined;
}

/** https://spdx.org/licenses/MIT.html, after its line of copyright. */
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
