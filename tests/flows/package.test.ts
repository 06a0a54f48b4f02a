import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, inflateRawSync } from 'node:zlib';
import { isRecord } from '../../shared/parse';

const root = join(__dirname, '..', '..');
let folder = '';
let files = new Map<string, Buffer>();

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'print-package-')));
  const archive = join(folder, 'app.zip');
  execFileSync(process.execPath, [join(root, 'scripts', 'package.mjs'), archive], { stdio: 'pipe' });
  files = readZip(readFileSync(archive));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the package for zip deploy', () => {
  it('holds the bundle, host.json and package.json and nothing else', () => {
    const others = [...files.keys()].filter(
      (name) => !/^dist\/functions\/(chunks\/)?[\w.-]+\.mjs$/.test(name),
    );
    expect(others.sort()).toEqual(['host.json', 'package.json']);
  });

  it('names an entry that is in it, and nothing to install or build', () => {
    const manifest: unknown = JSON.parse(files.get('package.json')?.toString() ?? '');
    if (!isRecord(manifest)) throw new Error('package.json is no object');
    expect(files.has(String(manifest['main']))).toBe(true);
    expect(manifest).not.toHaveProperty('dependencies');
    expect(manifest).not.toHaveProperty('scripts');
  });

  it('loads where there is no node_modules, every chunk of it', () => {
    const app = join(folder, 'app');
    for (const [name, content] of files) {
      mkdirSync(dirname(join(app, name)), { recursive: true });
      writeFileSync(join(app, name), content);
    }
    const modules = [...files.keys()].filter((name) => name.endsWith('.mjs'));
    // The host answers require('@azure/functions-core'); without a host the library warns and goes on.
    const script = `for (const name of ${JSON.stringify(modules)}) await import('./' + name); console.log('loaded');`;
    writeFileSync(join(app, 'load.mjs'), script);
    const output = execFileSync(process.execPath, ['load.mjs'], {
      cwd: app,
      stdio: 'pipe',
      encoding: 'utf8',
    });
    expect(output).toContain('loaded');
  });
});

/** Reads an archive by its directory (APPNOTE.TXT 4.3.12 and 4.3.16) and checks every entry against its sum. */
function readZip(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  const found = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const nameLength = zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const content = inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(at + 20)));
    if (crc32(content) !== zip.readUInt32LE(at + 16)) throw new Error(`${name} is damaged`);
    found.set(name, content);
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return found;
}
