/**
 * `npm run package`: builds the app for deployment and writes, below dist/ or the folder that the argument names:
 *
 *   app/               what azd and `func azure functionapp publish` deploy: host.json, package.json, the bundle
 *   NAME.zip           the same files, for zip deploy
 *   NAME.cdx.json      the SBOM of the bundle
 *   THIRD-PARTY-NOTICES.txt
 *   functions/         the bundle once more, for those who publish from the root of the repository (.funcignore)
 *
 * The app has no node_modules, because the bundle holds every package, and no source maps, because the host does not read
 * them. The same source gives the same bytes in every file.
 */
import { stop } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ZipFile } from 'yazl';
import { buildApp } from './buildApp.mjs';
import { formatNotices } from './notices.mjs';
import { formatSbom } from './sbom.mjs';
import { readShippedPackages } from './shippedPackages.mjs';

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

const target = resolve(process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url)));
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const readJson = async (path) => JSON.parse(await readFile(path, 'utf8'));

const { name, version, license, main, engines } = await readJson('package.json');
const bundle = dirname(main);
const built = await buildApp('functions/index.ts', bundle, { sourcemap: false, metafile: true, write: false });
await stop();

const files = new Map([
  ['host.json', await readFile('host.json')],
  // Without scripts and dependencies, so that no deployment tries to build or install anything.
  ['package.json', Buffer.from(`${JSON.stringify({ name, version, license, main, engines }, null, 2)}\n`)],
]);
const chunks = built.outputFiles.map(({ path, contents }) => [relative('.', path).replaceAll('\\', '/'), contents]);
for (const [path, content] of chunks.sort(([one], [other]) => (one < other ? -1 : 1))) files.set(path, content);
if (!files.has(main))
  throw new Error(`The build has no ${main}, which package.json names as main. Correct package.json.`);

const archive = new ZipFile();
for (const [path, content] of files) archive.addBuffer(Buffer.from(content), path, ENTRY);
archive.end();
const zip = await buffer(archive.outputStream);
const sha256 = createHash('sha256').update(zip).digest('hex');
const shipped = readShippedPackages(built.metafile);

for (const folder of ['app', 'functions']) await rm(join(target, folder), { recursive: true, force: true });
for (const [path, content] of files) {
  await write(join('app', path), content);
  if (path.startsWith(`${bundle}/`)) await write(join('functions', relative(bundle, path)), content);
}
const products = {
  [`${name}.zip`]: zip,
  [`${name}.cdx.json`]: formatSbom({ name, version, license, sha256 }, shipped, await readJson('package-lock.json')),
  'THIRD-PARTY-NOTICES.txt': formatNotices(name, shipped.packages),
};
for (const [path, content] of Object.entries(products)) await write(path, content);

const sizeOf = (contents) => `${Math.ceil(contents.reduce((sum, one) => sum + Buffer.byteLength(one), 0) / 1024)} KiB`;
console.log(`${name} ${version}, ${shipped.packages.length} packages inside`);
console.log(`${join(target, 'app')}: ${files.size} files, ${sizeOf([...files.values()])}`);
for (const [path, content] of Object.entries(products)) console.log(`${join(target, path)}: ${sizeOf([content])}`);
console.log(`SHA-256 of the zip: ${sha256}`);

async function write(path, content) {
  await mkdir(dirname(join(target, path)), { recursive: true });
  await writeFile(join(target, path), content);
}
