import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CLI_ENV } from '../support/createCliWorld';
import { ROOT } from '../support/startFlow';

const RUN = join(ROOT, 'cli', 'run.cjs');
const PATH = process.env['PATH'] ?? '';

/** The real command, built, as a process of its own. */
describe('the command as a process', () => {
  const start = (argv: readonly string[], env: Record<string, string> = {}, cwd = tmpdir()) =>
    spawn(process.execPath, [RUN, ...argv], { cwd, env: { PATH, ...env } });
  const run = async (argv: readonly string[], env?: Record<string, string>) => {
    const child = start(argv, env);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code: child.exitCode, stdout, stderr };
  };

  it('--version is the version of package.json', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([['stdout'], ['both']])('ends quietly with 0 when the reader of %s has enough', async (which) => {
    const child = start(['--help']);
    child.stdout.destroy();
    if (which === 'both') child.stderr.destroy();
    const stderr = which === 'both' ? '' : await text(child.stderr);
    const [code] = child.exitCode === null ? ((await once(child, 'exit')) as [number | null]) : [child.exitCode];
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('with --json, wrong usage is one document on stderr', async () => {
    const { code, stdout, stderr } = await run(['jobs', 'list', '--nonsense', '--json']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ code: 'usage', problem: "unknown option '--nonsense'" });
  });

  describe('while storage does not answer', () => {
    const silent = createServer((socket) => socket.on('error', () => undefined));
    let env: Record<string, string>;
    beforeAll(async () => {
      await once(silent.listen(0, '127.0.0.1'), 'listening');
      const at = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/account`;
      const account = `AccountName=account;AccountKey=${Buffer.alloc(32).toString('base64')}`;
      const storage = `${account};BlobEndpoint=${at};QueueEndpoint=${at};TableEndpoint=${at};`;
      env = { ...CLI_ENV, AzureWebJobsStorage: storage };
    });
    afterAll(() => silent.close());

    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const)('%s ends a verb with one line and %i', async (signal, expected) => {
      const asked = once(silent, 'connection');
      const child = start(['tenants', 'list'], env);
      const stdout = text(child.stdout);
      const stderr = text(child.stderr);
      await asked;
      child.kill(signal);
      const [code] = (await once(child, 'close')) as [number | null];
      expect({ code, stdout: await stdout, stderr: await stderr }).toEqual({
        code: expected,
        stdout: '',
        stderr: 'Stopped.\n',
      });
    });
  });
});
