import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');

/** Files with text that people read. */
function textFiles(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /\.(ts|cjs|mjs|md)$/.test(name)).map((name) => join(folder, name));
}

it('no text has a plural in brackets: a count stands with the right form of its noun', () => {
  const files = ['cli', 'shared', 'functions', 'local', 'docs', 'tests', 'scripts', 'bench'].flatMap(textFiles);
  expect(files.length).toBeGreaterThan(300);
  // Code that calls a function with a variable named `s` or `es` would be found, too: it deserves a better name.
  const bracketed = /[a-z]{2}\((?:s|es)\)/;
  const found = [...files, 'README.md', 'CONTRIBUTING.md'].flatMap((file) =>
    readFileSync(join(ROOT, file), 'utf8')
      .split('\n')
      .filter((line) => bracketed.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});
