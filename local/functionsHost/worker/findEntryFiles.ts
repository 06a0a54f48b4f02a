import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { globToRegExp } from './globToRegExp';

const GLOB_CHARACTERS = /[*?{}]/;

/** The files that `main` of package.json names (a path or a glob), relative to `root`, in alphabetical order. */
export function findEntryFiles(root: string, main: string): string[] {
  if (!GLOB_CHARACTERS.test(main)) return existsSync(join(root, main)) ? [main] : [];
  const pattern = globToRegExp(main);
  return walk(root, '')
    .filter((file) => pattern.test(file))
    .sort();
}

function walk(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory())
      return entry.name === 'node_modules' || entry.name === '.git' ? [] : walk(root, path);
    return [path];
  });
}
