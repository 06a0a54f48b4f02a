import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export const repository = join(__dirname, '..', '..', '..', '..');
export const fixtureApp = join(repository, 'tests', 'fixtures', 'functionsApp');

/** Bundles the host as the build does, into a folder of its own from which packages resolve. */
export function buildHost(): { readonly file: string; remove(): void } {
  const cache = join(repository, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'functionsHost-'));
  const source = join(repository, 'local', 'functionsHost');
  execFileSync(join(repository, 'node_modules', '.bin', 'esbuild'), [
    ...[join(source, 'main.ts'), join(source, 'worker', 'main.ts'), `--outbase=${source}`, `--outdir=${folder}`],
    ...['--bundle', '--platform=node', '--format=esm', '--target=node20', '--packages=external'],
    ...['--log-level=warning', '--out-extension:.js=.mjs'],
  ]);
  return { file: join(folder, 'main.mjs'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
