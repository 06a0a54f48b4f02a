import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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
      console.log(JSON.stringify([...Object.values(azurite.urls), simulator.graphUrl,
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

// Whatever starts also stops by itself on SIGINT and SIGTERM. A killed parent cannot stop anything: there the
// children end because their standard input closes.
test.each([
  ['SIGINT', { code: 130, signal: null }],
  ['SIGTERM', { code: 143, signal: null }],
  ['SIGKILL', { code: null, signal: 'SIGKILL' }],
] as const)('%s to the parent ends all of the local cloud', async (signal, expected) => {
  const parent = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const early = once(parent, 'exit').then(() => ['"it ended before it was ready"']);
  const [line] = (await Promise.race([once(createInterface({ input: parent.stdout }), 'line'), early])) as [string];
  const urls = JSON.parse(line) as string[];
  expect(urls).toBeInstanceOf(Array);
  expect(await Promise.all(urls.map(isListening))).toEqual(urls.map(() => true));
  parent.kill(signal);
  const [code, by] = (await once(parent, 'exit')) as [number | null, string | null];
  expect({ code, signal: by }).toEqual(expected);
  // After a kill the others need a moment to notice.
  while (signal === 'SIGKILL' && (await Promise.all(urls.map(isListening))).includes(true)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await Promise.all(urls.map(isListening))).toEqual(urls.map(() => false));
});
