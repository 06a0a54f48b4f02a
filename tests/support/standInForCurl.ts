import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Puts a `curl` made of tests/fixtures/curl.cjs into `folder`, and gives `path` (as PATH has it) with the folder last: a
 * curl that is installed comes first.
 *
 * @param root the root of the package
 */
export function standInForCurl(root: string, folder: string, path: string): string {
  const program = join(root, 'tests', 'fixtures', 'curl.cjs');
  writeFileSync(join(folder, 'curl'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`, {
    mode: 0o755,
  });
  return [path, folder].filter((part) => part !== '').join(delimiter);
}
