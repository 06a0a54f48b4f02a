import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { build } from 'esbuild';

// Programs start slowly on a busy machine.
jest.setTimeout(60_000);

const root = join(__dirname, '..', '..');
const fixtures = join(root, 'tests', 'fixtures', 'localPrograms');

/** What start.ts and demo.ts do with the local cloud, over stand-ins for simulator and host. */
const PROGRAM = `
  import { startLocalCloud } from '${root}/local/startLocalCloud';
  import { createStopList, stopOnSignals } from '${root}/local/stopList';
  const stops = createStopList();
  stopOnSignals(stops);
  const programs = { simulator: '${fixtures}/fakeSimulator.cjs', host: '${fixtures}/fakeHost.cjs' };
  startLocalCloud({ root: '${root}', ports: 'free', proxy: true, stops, programs }).then(
    ({ azurite, simulator, proxy, hosts }) =>
      console.log(JSON.stringify([process.pid, ...Object.values(azurite.urls), simulator.graphUrl,
        ...hosts.map(({ url }) => url), ...Object.values(proxy.urls)])),
  );
`;

let folder: string;
let program: string;

beforeAll(async () => {
  // Inside node_modules, so that the packages are found from there.
  await mkdir(join(root, 'node_modules', '.cache'), { recursive: true });
  folder = await mkdtemp(join(root, 'node_modules', '.cache', 'local-cloud-'));
  await writeFile(join(folder, 'program.ts'), PROGRAM);
  program = join(folder, 'program.mjs');
  await build({
    ...{ entryPoints: [join(folder, 'program.ts')], outfile: program, bundle: true },
    ...{ platform: 'node', format: 'esm', packages: 'external' },
  });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function isListening(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

/** Reads the line of the program: its process, and the addresses that it listens on. */
async function untilReady(started: ChildProcess & { stdout: Readable }): Promise<{ pid: number; urls: string[] }> {
  const early = once(started, 'exit').then(() => ['["it ended before it was ready"]']);
  const lines = createInterface({ input: started.stdout });
  let line = '';
  while (!line.startsWith('[')) [line] = (await Promise.race([once(lines, 'line'), early])) as [string];
  const [pid, ...urls] = JSON.parse(line) as [number, ...string[]];
  expect(urls.length).toBeGreaterThan(5);
  expect(await Promise.all(urls.map(isListening))).toEqual(urls.map(() => true));
  return { pid, urls };
}

/** The others need a moment to notice a kill. The time limit of the test bounds it. */
async function untilNothingListens(urls: readonly string[]): Promise<void> {
  while ((await Promise.all(urls.map(isListening))).includes(true)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// Whatever starts also stops by itself on SIGINT and SIGTERM. A killed parent cannot stop anything: there the
// children end because their standard input closes.
test.each([
  ['SIGINT', { code: 130, signal: null }],
  ['SIGTERM', { code: 143, signal: null }],
  ['SIGKILL', { code: null, signal: 'SIGKILL' }],
] as const)('%s to the parent ends all of the local cloud', async (signal, expected) => {
  const parent = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { urls } = await untilReady(parent);
  parent.kill(signal);
  const [code, by] = (await once(parent, 'exit')) as [number | null, string | null];
  expect({ code, signal: by }).toEqual(expected);
  if (signal === 'SIGKILL') await untilNothingListens(urls);
  expect(await Promise.all(urls.map(isListening))).toEqual(urls.map(() => false));
});

describe('started by npm, with the script of this package', () => {
  let npmFolder: string;
  beforeAll(async () => {
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    npmFolder = join(folder, 'package');
    await mkdir(join(npmFolder, 'dist', 'local'), { recursive: true });
    await mkdir(join(npmFolder, 'scripts'));
    const start = { start: scripts['start'], demo: scripts['demo'] };
    await writeFile(join(npmFolder, 'package.json'), JSON.stringify({ name: 'local-cloud', scripts: start }));
    await copyFile(join(root, 'scripts', 'local.mjs'), join(npmFolder, 'scripts', 'local.mjs'));
    await writeFile(join(npmFolder, 'scripts', 'build.mjs'), '');
    for (const name of ['start', 'demo']) await copyFile(program, join(npmFolder, 'dist', 'local', `${name}.mjs`));
  });

  // As a service manager, a terminal and an impatient person do it.
  test.each([
    ['SIGINT', 'npm', 'start'],
    ['SIGTERM', 'npm', 'start'],
    ['SIGKILL', 'npm', 'start'],
    ['SIGINT', 'the process group', 'start'],
    ['SIGTERM', 'the process group', 'start'],
    ['SIGINT', 'the program', 'start'],
    ['SIGTERM', 'the program', 'start'],
    ['SIGTERM', 'npm', 'demo'],
  ] as const)('%s to %s of npm run %s leaves nothing running', async (signal, target, script) => {
    const npm = spawn('npm', ['run', '--silent', script], {
      cwd: npmFolder,
      env: { ...process.env, npm_config_update_notifier: 'false' },
      stdio: ['ignore', 'pipe', 'inherit'],
      // A group of its own, as a terminal gives each command line.
      detached: true,
    });
    const { pid, urls } = await untilReady(npm);
    const ended = once(npm, 'exit');
    if (target === 'npm') npm.kill(signal);
    else process.kill(target === 'the program' ? pid : -(npm.pid ?? 0), signal);
    await ended;
    await untilNothingListens(urls);
    await expect(untilGone(pid)).resolves.toBe(true);
  });
});

async function untilGone(pid: number): Promise<boolean> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
