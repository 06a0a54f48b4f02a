import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, startFlow, type Flow } from '../support/startFlow';
import { CONSUMED, tryConsumer } from '../support/tryConsumer';

describe('examples/consumer-dotnet', () => {
  let flow: Flow;
  let output: string;
  beforeAll(async () => {
    flow = await startFlow();
    output = mkdtempSync(join(tmpdir(), 'consumer-dotnet-'));
  }, 60_000);
  afterAll(async () => {
    rmSync(output, { recursive: true, force: true });
    await flow.stop();
  }, 30_000);

  it('builds, processes a repeated event once, moves what fails to the poison queue, and stops cleanly', async () => {
    const project = join(ROOT, 'examples', 'consumer-dotnet');
    // Without build servers, which would outlive the test.
    const args = [
      'build',
      project,
      '--output',
      output,
      '--nologo',
      '-nodeReuse:false',
      '-p:UseSharedCompilation=false',
    ];
    const built = spawnSync('dotnet', args, { encoding: 'utf8' });
    const said = `${built.error?.message ?? ''}${built.stdout}${built.stderr}`;
    expect(built.status === 0 ? 'built' : said).toBe('built');

    const program = { command: 'dotnet', args: [join(output, 'consumer-dotnet.dll')] };
    expect(await tryConsumer(flow, program)).toEqual(CONSUMED);
  }, 110_000);
});
