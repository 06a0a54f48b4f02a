import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, inflateRawSync } from 'node:zlib';
import { isRecord } from '../../shared/parse';

const root = join(__dirname, '..', '..');
let folder = '';
let archive: Buffer;
let files = new Map<string, Buffer>();

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'print-package-')));
  archive = pack();
  files = readZip(archive);
});

function pack(env: NodeJS.ProcessEnv = {}): Buffer {
  const target = join(folder, 'app.zip');
  execFileSync(process.execPath, [join(root, 'scripts', 'package.mjs'), target], {
    env: { ...process.env, ...env },
    stdio: 'pipe',
  });
  return readFileSync(target);
}

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the package for zip deploy', () => {
  it('contains only the bundle, host.json and package.json', () => {
    const others = [...files.keys()].filter((name) => !/^dist\/functions\/(chunks\/)?[\w.-]+\.mjs$/.test(name));
    expect(others.sort()).toEqual(['host.json', 'package.json']);
  });

  it('is the same for the same files, in every time zone', () => {
    expect(pack({ TZ: 'Pacific/Auckland' }).equals(archive)).toBe(true);
    expect(pack({ TZ: 'America/Los_Angeles' }).equals(archive)).toBe(true);
  });

  it('names an entry that it contains, and nothing to install or build', () => {
    const manifest: unknown = JSON.parse(files.get('package.json')?.toString() ?? '');
    if (!isRecord(manifest)) throw new Error('package.json is not an object');
    expect(files.has(String(manifest['main']))).toBe(true);
    expect(manifest).not.toHaveProperty('dependencies');
    expect(manifest).not.toHaveProperty('scripts');
  });

  it('loads without node_modules, every chunk of it', () => {
    const app = join(folder, 'app');
    for (const [name, content] of files) {
      mkdirSync(dirname(join(app, name)), { recursive: true });
      writeFileSync(join(app, name), content);
    }
    const modules = [...files.keys()].filter((name) => name.endsWith('.mjs'));
    // The host provides '@azure/functions-core'. Without a host the library logs a warning and continues.
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

/** Reads an archive by its directory (APPNOTE.TXT 4.3.12 and 4.3.16) and checks the CRC of every entry. */
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
