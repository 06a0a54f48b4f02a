import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeLocalCloudFile } from '../../local/localCloudFile';
import { runCommand } from '../support/runCommand';
import { startFlow, type Flow } from '../support/startFlow';

jest.setTimeout(60_000);

/** `print` and `fault` as a developer types them, with the settings of the local cloud. */
describe('the verbs of the local cloud', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow();
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);
  /** As that in which `npm start` runs. */
  const folder = mkdtempSync(join(tmpdir(), 'local-tool-'));
  beforeAll(() => writeLocalCloudFile(folder, flow.cloud.simulator));
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = (argv: string[], env: Record<string, string> = {}, cwd = folder) =>
    runCommand(argv, { cwd, env: { ...flow.cloud.environment, ...env } });

  it('print gives a job to the app, once, although its notification is sent twice', async () => {
    const { printerId } = await flow.onboard(['jobStarted']);
    const repeated = await run(['fault', 'set', 'repeat-next']);
    expect(repeated).toMatchObject({
      code: 0,
      stdout: 'Set repeat-next: 1 notification left. To clear it: npm run -s cli -- fault clear repeat-next\n',
    });
    const printed = await run(['print', '--printer', printerId, '--json']);
    expect([printed.code, printed.stderr]).toEqual([0, '']);
    expect(JSON.parse(printed.stdout)).toMatchObject([{ printerId }]);
    await flow.untilEvents(1);
    await flow.untilQuiet();
    expect(await flow.events()).toHaveLength(1);
    const sent = (await flow.control.deliveries()).filter(({ outcome }) => outcome === 'accepted');
    expect(sent.flatMap(({ items }) => items)).toHaveLength(2);
  });

  it.each([[['print', '--printer', 'Reception']], [['fault', 'set', 'outage']]])(
    '%j does nothing where Graph is the real one',
    async (argv) => {
      const { code, stdout, stderr } = await run(argv, { GRAPH_BASE_URL: 'https://graph.microsoft.com/v1.0' });
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain('act on the local cloud alone, and GRAPH_BASE_URL is https://graph.microsoft.com.');
    },
  );

  it('do nothing in another folder, which has no token, and say why', async () => {
    const { code, stdout, stderr } = await run(['fault', 'set', 'outage'], {}, tmpdir());
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe('error: There is no local.cloud.json in this folder. Is `npm start` running here?\n');
    expect(statSync(join(folder, 'local.cloud.json')).mode & 0o777).toBe(0o600);
  });

  it('wrong usage has exit code 2, and the help is that of the verb', async () => {
    expect(await run(['fault', 'set', 'fire'])).toMatchObject({ code: 2, stdout: '' });
    const help = await run(['print', '--help']);
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--copies <number>')]);
    expect((await run(['--help'])).stdout).toMatch(/^ {2}fault .*local cloud/m);
  });
});
