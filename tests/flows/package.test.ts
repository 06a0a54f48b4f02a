import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isRecord } from '../../shared/parse';
import { listLocalFiles, readFuncIgnore } from '../support/coreToolsFiles';
import { packageApp, recordsOf, type PackagedApp } from '../support/packageApp';
import { ROOT, startFlow } from '../support/startFlow';

let folder = '';
let made: PackagedApp;
/** What every way of deploying is to upload. */
let shipped: string[] = [];

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'print-package-')));
  made = packageApp(join(folder, 'dist'));
  shipped = [...made.files.keys()].sort();
}, 60_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the package for zip deploy', () => {
  it('contains only the bundle, host.json and package.json', () => {
    const others = shipped.filter((name) => !/^dist\/functions\/(chunks\/)?[\w.-]+\.mjs$/.test(name));
    expect(others).toEqual(['host.json', 'package.json']);
    expect(shipped).toContain('dist/functions/index.mjs');
  });

  it('and all beside it are the same for the same source, in every time zone', () => {
    for (const TZ of ['Pacific/Auckland', 'America/Los_Angeles']) {
      const again = packageApp(join(folder, 'again'), { TZ });
      expect(again.archive.equals(made.archive)).toBe(true);
      expect(again.texts).toEqual(made.texts);
    }
  }, 60_000);

  it('is reported with its place, size and hash', () => {
    expect(made.output).toContain(join(folder, 'dist', 'universal-print-receiver.zip'));
    expect(made.output).toContain(`SHA-256 of the zip: ${sha256(made.archive)}`);
  });

  it('names an entry that it contains, and nothing to install or build', () => {
    const manifest: unknown = JSON.parse(made.files.get('package.json')?.toString() ?? '');
    if (!isRecord(manifest)) throw new Error('package.json is not an object');
    expect(shipped).toContain(manifest['main']);
    expect(manifest).not.toHaveProperty('dependencies');
    expect(manifest).not.toHaveProperty('scripts');
  });

  it('names no source map, because it contains none', () => {
    // The last line of a file with a source map. Bundled packages may hold the word within their code.
    const naming = shipped.filter((name) => /^\/\/# sourceMappingURL=/m.test(made.files.get(name)?.toString() ?? ''));
    expect(naming).toEqual([]);
  });

  it('answers a notification without loading the exporter of telemetry, which one chunk alone reaches', () => {
    const importsOf = (name: string) =>
      [...(made.files.get(name)?.toString() ?? '').matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)].map(
        ([, path = '']) =>
          `dist/functions/${path.startsWith('chunks/') ? '' : name.includes('/chunks/') ? 'chunks/' : ''}${path}`,
      );
    /** The files that are loaded with this one. */
    const loadedWith = (name: string, seen = new Set<string>()): Set<string> => {
      if (!seen.has(name)) {
        seen.add(name);
        for (const imported of importsOf(name)) loadedWith(imported, seen);
      }
      return seen;
    };
    const modules = shipped.filter((name) => name.endsWith('.mjs'));
    const hasExporter = (name: string) => made.files.get(name)?.includes('AzureMonitorMetricExporter') === true;
    const reaching = modules.filter((name) => [...loadedWith(name)].some(hasExporter));
    expect(reaching).toEqual([expect.stringMatching(/^dist\/functions\/chunks\/exporter-\w+\.mjs$/)]);
    expect(loadedWith('dist/functions/index.mjs').size).toBeGreaterThan(3);
  });

  it('loads without node_modules, every chunk of it', () => {
    const app = unpack('loaded');
    const modules = shipped.filter((name) => name.endsWith('.mjs'));
    // The host provides '@azure/functions-core'. Without a host the library logs a warning and continues.
    const script = `for (const name of ${JSON.stringify(modules)}) await import('./' + name); console.log('loaded');`;
    writeFileSync(join(app, 'load.mjs'), script);
    const output = execFileSync(process.execPath, ['load.mjs'], { cwd: app, stdio: 'pipe', encoding: 'utf8' });
    expect(output).toContain('loaded');
  });

  it('runs, unpacked: a print job gives its event, and the log names the version', async () => {
    const flow = await startFlow({ appRoot: unpack('run') });
    try {
      const { tenantId, printerId } = await flow.onboard(['jobStarted']);
      await flow.control.print(tenantId, { printerId });
      const events = await flow.untilEvents(1);
      expect(events.map(({ type, data }) => [type, data['outcome']])).toEqual([['print.job.started', 'released']]);
      const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
      const version = isRecord(manifest) ? manifest['version'] : undefined;
      expect(flow.logged('app.started')).toEqual([expect.objectContaining({ version })]);
    } finally {
      await flow.stop();
    }
  }, 60_000);
});

describe('the three ways to deploy upload the same files', () => {
  it('func from dist/app: all files of the folder, since it has no .funcignore', () => {
    const app = join(folder, 'dist', 'app');
    expect(readdirSync(app)).not.toContain('.funcignore');
    expect(listLocalFiles(app).sort()).toEqual(shipped);
    expect(
      shipped.filter((path) => !readFileSync(join(app, path)).equals(made.files.get(path) ?? Buffer.of())),
    ).toEqual([]);
  });

  it('func from the root after npm run package: what .funcignore leaves', () => {
    const accepts = readFuncIgnore(readFileSync(join(ROOT, '.funcignore'), 'utf8'));
    // The bundle of `npm run build` lies in the real dist/functions, and `npm run package` replaces it.
    const others = listLocalFiles(ROOT).filter((path) => !path.startsWith('dist/functions/'));
    const bundle = listLocalFiles(join(folder, 'dist', 'functions')).map((path) => `dist/functions/${path}`);
    const beside = listLocalFiles(join(folder, 'dist')).map((path) => `dist/${path}`);
    expect([...new Set([...others, ...bundle, ...beside])].filter(accepts).sort()).toEqual(shipped);
    expect(others.some((path) => path.startsWith('node_modules/@azure/'))).toBe(true);
  });

  it('func from the root after npm run build: no source maps either', () => {
    const accepts = readFuncIgnore(readFileSync(join(ROOT, '.funcignore'), 'utf8'));
    const built = listLocalFiles(join(ROOT, 'dist', 'functions')).map((path) => `dist/functions/${path}`);
    expect(built.some((path) => path.endsWith('.map'))).toBe(true);
    expect(built.filter(accepts).filter((path) => !path.endsWith('.mjs'))).toEqual([]);
  });

  // azd runs `npm install` and `npm run build --if-present` in the folder of the service, then zips all of it:
  // Azure/azure-dev cli/azd/pkg/project/framework_service_node.go and project_utils.go (createDeployableZip).
  it('azd from dist/app: its npm install adds a lock file without packages, and no build runs', () => {
    const app = join(folder, 'azd');
    cpSync(join(folder, 'dist', 'app'), app, { recursive: true });
    for (const command of ['install --offline --no-audit --no-fund', 'run build --if-present']) {
      execFileSync('npm', command.split(' '), { cwd: app, stdio: 'pipe', shell: process.platform === 'win32' });
    }
    expect(listLocalFiles(app).sort()).toEqual([...shipped, 'package-lock.json'].sort());
    const lock: unknown = JSON.parse(readFileSync(join(app, 'package-lock.json'), 'utf8'));
    expect(Object.keys(isRecord(lock) && isRecord(lock['packages']) ? lock['packages'] : {})).toEqual(['']);
  });
});

describe('the SBOM', () => {
  const componentsOf = () =>
    recordsOf(made.sbom['components']).map(({ group, name, version }) => {
      const scope = typeof group === 'string' ? `${group}/` : '';
      return `${scope}${String(name)}@${String(version)}`;
    });

  it('is CycloneDX with a serial number, which actions/attest requires, and without a time', () => {
    expect(made.sbom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
    expect(made.sbom['serialNumber']).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(made.texts.sbom).not.toMatch(/timestamp|\d{4}-\d\d-\d\dT/);
    expect(made.sbom['metadata']).toMatchObject({
      component: { name: 'universal-print-receiver', hashes: [{ alg: 'SHA-256', content: sha256(made.archive) }] },
    });
  });

  it('lists the packages that the source maps of the same bundle name', () => {
    const inMaps = new Set(packagesInMaps());
    expect(inMaps.size).toBeGreaterThan(80);
    const listed = componentsOf();
    expect([...inMaps].filter((one) => !listed.includes(one))).toEqual([]);
    // Their own source maps name the files that they were made of, not the package.
    const others = listed.filter((one) => !inMaps.has(one)).map((one) => one.replace(/@[^@]+$/, ''));
    expect(others.sort()).toEqual(['@azure/functions', '@azure/functions-extensions-base']);
  });

  it('has version, licence and hash of each, and reaches each from the app', () => {
    const components = recordsOf(made.sbom['components']);
    const incomplete = components.filter(
      ({ purl, licenses, hashes }) =>
        !/^pkg:npm\/(%40[^/@]+\/)?[^/@]+@\d+\.\d+\.\d+/.test(String(purl)) ||
        recordsOf(licenses).length === 0 ||
        !/"alg":"SHA-512","content":"[0-9a-f]{128}"/.test(JSON.stringify(hashes)),
    );
    expect(incomplete).toEqual([]);
    const edges = new Map(recordsOf(made.sbom['dependencies']).map(({ ref, dependsOn }) => [ref, dependsOn]));
    const reached = new Set<unknown>(['pkg:generic/universal-print-receiver@' + versionOf(made.sbom)]);
    for (const ref of reached) for (const next of [edges.get(ref)].flat()) if (next !== undefined) reached.add(next);
    expect(reached.size).toBe(components.length + 1);
  });

  it('names the same packages as THIRD-PARTY-NOTICES, which has a licence text for each', () => {
    const notices = made.texts.notices.split(/^-{80}\n(.+)\n-{80}$/m).slice(1);
    const texts = new Map(
      notices.flatMap((heading, index) =>
        index % 2 === 0 ? [[heading.replace(/^(\S+) (\S+), .*$/, '$1@$2'), notices[index + 1] ?? '']] : [],
      ),
    );
    expect([...texts.keys()].sort()).toEqual(componentsOf().sort());
    const words =
      /permission is hereby granted|redistribution and use|apache license|permission to use, copy|blue oak/i;
    expect([...texts].filter(([, text]) => text.length < 500 || !words.test(text)).map(([name]) => name)).toEqual([]);
  });
});

describe('the licence text of a package without a licence file', () => {
  /** Runs scripts/notices.mjs on a package with this README. */
  const noticesOf = (readme: string, described: { license: string; author?: string }) => {
    const packageFolder = mkdtempSync(join(folder, 'licence-'));
    writeFileSync(join(packageFolder, 'README.md'), readme);
    const packages = JSON.stringify([{ folder: packageFolder, name: 'left', version: '1.0.0', ...described }]);
    const script = `import('./scripts/notices.mjs').then((it) => console.log(it.formatNotices('app', ${packages})))`;
    return execFileSync(process.execPath, ['-e', script], { cwd: ROOT, stdio: 'pipe', encoding: 'utf8' });
  };

  it('is the section of its README', () => {
    const readme =
      '# left\n\nLicense\n-------\n\nOwn words: Permission is hereby granted.\n\n[left]: https://example.org\n';
    const notices = noticesOf(readme, { license: 'MIT', author: 'Ada' });
    expect(notices).toContain('Own words: Permission is hereby granted.');
    expect(notices).not.toMatch(/Ada|example\.org/);
  });

  it('is the standard text with the name of its author where the README only names the licence', () => {
    const notices = noticesOf('## License\n\nMIT\n', { license: 'MIT', author: 'Ada' });
    expect(notices).toMatch(/Copyright \(c\) Ada\n\nPermission is hereby granted/);
  });

  it.each([{ license: 'MIT' }, { license: 'Apache-2.0', author: 'Ada' }])(
    'is missing for %j: nothing is packaged',
    (one) => {
      expect(() => noticesOf('# left\n', one)).toThrow(/left has no licence text/);
    },
  );
});

function unpack(name: string): string {
  const app = join(folder, name);
  for (const [path, content] of made.files) {
    mkdirSync(dirname(join(app, path)), { recursive: true });
    writeFileSync(join(app, path), content);
  }
  return app;
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function versionOf({ metadata }: Record<string, unknown>): string {
  const component = isRecord(metadata) ? metadata['component'] : undefined;
  return String(isRecord(component) ? component['version'] : undefined);
}

/** Name and version of each package of which `npm run build` put code into the app. */
function packagesInMaps(): string[] {
  const bundle = join(ROOT, 'dist', 'functions');
  return readdirSync(bundle, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.map'))
    .flatMap((file) => {
      const map: unknown = JSON.parse(readFileSync(join(bundle, file), 'utf8'));
      const sources: unknown = isRecord(map) ? map['sources'] : undefined;
      return Array.isArray(sources) ? sources.map(String) : [];
    })
    .flatMap((source) => /(node_modules\/.*)$/.exec(source)?.[1] ?? [])
    .map((source) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(source)?.[0] ?? source)
    .map((path) => {
      const manifest: unknown = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8'));
      return isRecord(manifest) ? `${String(manifest['name'])}@${String(manifest['version'])}` : path;
    });
}
