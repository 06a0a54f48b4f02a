/**
 * `npm run samples`: writes what this build sends to queues, writes into tables and gives to others into
 * tests/fixtures/released/{version}/, with the version of package.json. tests/releasedFormats.test.ts reads the samples of all
 * versions. After a release, raise the version first: the samples of a release never change.
 */
import { build } from 'esbuild';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const outfile = join(root, 'dist', 'samples', 'writeSamples.mjs');
await build({
  entryPoints: [join(root, 'tests', 'support', 'samples', 'writeSamples.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
});
const { writeSamples } = await import(pathToFileURL(outfile).href);
const folder = join(root, 'tests', 'fixtures', 'released', version);
await rm(folder, { recursive: true, force: true });
for (const [path, content] of await writeSamples()) {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), `${JSON.stringify(content, null, 2)}\n`);
}
console.log(folder);
