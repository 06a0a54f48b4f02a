import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'simulator-main-'));
  file = path.join(folder, 'main.mjs');
  await build({
    entryPoints: [path.resolve(__dirname, '../../../local/graphSimulator/main.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Packages go into the bundle, which runs outside the repository; CommonJS ones among them call require.
    banner: {
      js: "import { createRequire as __makeRequire } from 'node:module';const require = __makeRequire(import.meta.url);",
    },
  });
}, 30_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const started: ChildProcessWithoutNullStreams[] = [];
// Also after an assertion that failed before its test ended the program.
afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')));

function start(...args: string[]) {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [file, ...args]);
  started.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let errors = '';
  child.stderr.on('data', (part: Buffer) => (errors += part.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const nextLine = async () => {
    const line = await lines.next();
    return line.done === true ? '' : line.value;
  };
  return { child, ended, nextLine, errors: () => errors };
}
const free = ['--port', '0', '--token-port', '0'];

describe('the program', () => {
  it('adds a tenant with so many printers for --printers', async () => {
    const { child, ended, nextLine } = start(...free, '--printers', '120');
    const { controlUrl = '', controlToken = '', tenantId } = JSON.parse(await nextLine()) as Record<string, string>;
    const state = (await (
      await fetch(`${controlUrl}/state`, { headers: { authorization: `Bearer ${controlToken}` } })
    ).json()) as {
      tenants: { tenantId: string; printers: unknown[] }[];
    };
    child.kill('SIGTERM');
    expect(state.tenants.map((tenant) => [tenant.tenantId, tenant.printers.length])).toEqual([[tenantId, 120]]);
    expect(await ended).toBe(0);
  }, 30_000);

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'says where it listens, ends on %s with 0 and removes its file',
    async (signal) => {
      const { child, ended, nextLine } = start(...free);
      const ready = JSON.parse(await nextLine()) as Record<string, string>;
      expect(ready).toMatchObject({ event: 'ready', controlUrl: `${ready['graphUrl'] ?? ''}/control` });
      expect(Object.keys(ready).sort()).toEqual(
        ['appId', 'authorityUrl', 'caFile', 'controlToken', 'controlUrl', 'event', 'graphUrl'].sort(),
      );
      const withToken = { headers: { authorization: `Bearer ${ready['controlToken'] ?? ''}` } };
      expect((await fetch(`${ready['controlUrl'] ?? ''}/state`, withToken)).status).toBe(200);
      child.kill(signal);
      expect(JSON.parse(await nextLine())).toEqual({ event: 'stopped' });
      expect(await ended).toBe(0);
      expect(existsSync(ready['caFile'] ?? '')).toBe(false);
    },
    30_000,
  );

  it('ends with standard input with --stop-with-stdin', async () => {
    const { child, ended, nextLine } = start(...free, '--stop-with-stdin');
    await nextLine();
    child.stdin.end();
    expect(JSON.parse(await nextLine())).toEqual({ event: 'stopped' });
    expect(await ended).toBe(0);
  }, 30_000);

  it('names a taken port in one line and ends with 1', async () => {
    const first = start(...free);
    const ready = JSON.parse(await first.nextLine()) as Record<string, string>;
    const { port } = new URL(ready['graphUrl'] ?? '');
    const second = start('--port', port, '--token-port', '0');
    expect(await second.ended).toBe(1);
    expect(second.errors()).toBe(`Port ${port} is taken; choose another with --port.\n`);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
  }, 30_000);

  it('shows its help, and refuses wrong usage with 2', async () => {
    const help = start('--help');
    expect(await help.nextLine()).toContain('Simulates');
    expect(await help.ended).toBe(0);
    const wrong = start('--port', 'many');
    expect(await wrong.ended).toBe(2);
    expect(wrong.errors()).toContain("--port must be a whole number from 0 to 65535, not 'many'.");
    for (const args of [['--seed', '-1'], ['--port', '65536'], ['--unknown'], ['extra']]) {
      const refused = start(...args);
      expect(await refused.ended).toBe(2);
      expect(refused.errors()).toContain('Try --help.');
    }
  }, 30_000);
});
