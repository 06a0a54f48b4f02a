/**
 * `npm run package`: packs the built app for zip deploy: dist/functions, host.json and a package.json that names the
 * entry of the app. Without node_modules: the bundle holds every package. Without source maps: the host does not read
 * them. An argument names another path for the archive.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ZipFile } from 'yazl';

/**
 * The same files give the same archive: each entry has the first date that zip can hold, in local time as yazl writes
 * it, and the mode of a plain file that everyone may read.
 */
const ENTRY = {
  mtime: new Date(1980, 0, 1),
  forceDosTimestamp: true,
  mode: 0o100644,
  compressionLevel: 9,
};

const target = resolve(process.argv[2] ?? join('dist', 'universal-print-receiver.zip'));
process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const { name, version, license, main, engines } = JSON.parse(await readFile('package.json', 'utf8'));
const files = new Map([
  ['host.json', await readFile('host.json')],
  // Without scripts and dependencies, so that no deployment tries to build or install anything.
  ['package.json', Buffer.from(`${JSON.stringify({ name, version, license, main, engines }, null, 2)}\n`)],
]);
const built = (await readdir('dist/functions', { recursive: true }))
  .map((file) => `dist/functions/${file.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.mjs'));
for (const path of built.sort()) files.set(path, await readFile(path));
if (!files.has(main)) throw new Error(`${main} is missing. Run npm run build first.`);

const archive = new ZipFile();
for (const [path, content] of files) archive.addBuffer(content, path, ENTRY);
archive.end();
const zip = await buffer(archive.outputStream);
await writeFile(target, zip);
console.log(`${target}: ${files.size} files, ${Math.ceil(zip.length / 1024)} KiB`);
