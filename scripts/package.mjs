/**
 * `npm run package`: packs the built app for zip deploy: dist/functions, host.json and a package.json that says where
 * the app starts. No node_modules: the bundle holds every package. No source maps: the host does not read them.
 * Another place for the archive may be given as an argument.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeZip } from './writeZip.mjs';

const target = resolve(process.argv[2] ?? join('dist', 'universal-print-receiver.zip'));
process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const { name, version, license, main, engines } = JSON.parse(await readFile('package.json', 'utf8'));
const files = {
  'host.json': await readFile('host.json'),
  // Without scripts and dependencies, so that no deployment tries to build or install anything.
  'package.json': Buffer.from(`${JSON.stringify({ name, version, license, main, engines }, null, 2)}\n`),
};
const built = (await readdir('dist/functions', { recursive: true })).map((file) =>
  file.replaceAll('\\', '/'),
);
for (const file of built.sort()) {
  const path = `dist/functions/${file}`;
  if (path.endsWith('.mjs')) files[path] = await readFile(path);
}
if (!(main in files)) throw new Error(`${main} is missing: run npm run build`);

const zip = writeZip(files);
await writeFile(target, zip);
console.log(`${target}: ${Object.keys(files).length} files, ${Math.ceil(zip.length / 1024)} KiB`);
