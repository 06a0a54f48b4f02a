import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Puts an `npm` into a folder below `folder` that knows `npm run -s cli -- …` alone, and runs the built command line without
 * the time that npm takes to start.
 *
 * @param root the root of the package
 * @returns the folder, to come first in PATH
 */
export function standInForNpm(root: string, folder: string): string {
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  const lines = [
    '#!/bin/sh',
    'case "$*" in "run -s cli -- "*) ;; *) echo "npm $*: this stand-in knows npm run -s cli -- alone" >&2; exit 2 ;; esac',
    'shift 4',
    `exec '${process.execPath}' '${join(root, 'cli', 'run.cjs')}' "$@"`,
  ];
  writeFileSync(join(programs, 'npm'), `${lines.join('\n')}\n`, { mode: 0o755 });
  return programs;
}
