/** Which packages a bundle ships, as esbuild's metafile says: those with at least one byte in an output. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of a package in node_modules, at any depth. Folders inside a package may hold a package.json too. */
const PACKAGE_FOLDER = /^((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)(?:\/|$)/;

/**
 * @param metafile of a build whose working directory is this one
 * @returns the shipped packages, each once, ordered by `purl` (package-url of npm). `imports` has the purl of each shipped
 * package that it imports. `ownImports` has those that the code of the app imports
 * @throws when a package has no name, version or licence
 */
export function readShippedPackages({ inputs, outputs }) {
  const packages = new Map();
  /** npm may install a version in several folders. */
  const byPurl = new Map();
  for (const { inputs: parts } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(parts)) {
      const folder = folderOf(path);
      if (folder === undefined || bytesInOutput === 0 || packages.has(folder)) continue;
      const read = readPackage(folder);
      if (!byPurl.has(read.purl)) byPurl.set(read.purl, read);
      packages.set(folder, byPurl.get(read.purl));
    }
  }
  const ownImports = new Set();
  // All inputs: the entry of a package often only names its other files, and is not in the output itself.
  for (const [path, { imports }] of Object.entries(inputs)) {
    const folder = folderOf(path);
    const found = folder === undefined ? ownImports : packages.get(folder)?.imports;
    for (const { path: imported } of found === undefined ? [] : imports) {
      const target = folderOf(imported);
      if (target !== undefined && target !== folder && packages.has(target)) found.add(packages.get(target).purl);
    }
  }
  return {
    packages: [...byPurl.values()]
      .sort((one, other) => (one.purl < other.purl ? -1 : 1))
      .map((one) => ({ ...one, imports: [...one.imports].sort() })),
    ownImports: [...ownImports].sort(),
  };
}

function folderOf(path) {
  return PACKAGE_FOLDER.exec(path)?.[1];
}

function readPackage(folder) {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) throw new Error(`${file} is missing, and the bundle has code of this package. Run npm ci.`);
  const { name, version, license, author } = JSON.parse(readFileSync(file, 'utf8'));
  if (!name || !version || typeof license !== 'string') {
    throw new Error(`${file} lacks a name, a version or a licence, which the SBOM needs. Use another package.`);
  }
  // https://github.com/package-url/purl-spec: the @ of a scope is percent-encoded.
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return {
    ...{ folder, name, version, license, purl },
    author: typeof author === 'string' ? author : author?.name,
    imports: new Set(),
  };
}
