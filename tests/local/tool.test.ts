import { freePort } from '../../local/findPorts';
import type { LocalCloudFile } from '../../local/localCloudFile';
import { runTool } from '../../local/tool/runTool';
import { fetchableFilter, startReceiver, tenantA } from './graphSimulator/harness';
import { usePrinting } from './graphSimulator/usePrinting';

const { harness, scene } = usePrinting();
beforeEach(async () => {
  const { control } = harness();
  await control.createPrinter(tenantA, { id: scene().plain, displayName: 'Reception' });
  await control.createPrinter(tenantA, { id: scene().triggered, displayName: 'Archive' });
});

const run = async (
  argv: string[],
  graphBaseUrl: string | undefined = `${harness().simulator.graphUrl}/v1.0`,
  localCloud: LocalCloudFile | undefined = harness().simulator,
) => {
  const said = { stdout: '', stderr: '' };
  const code = await runTool(argv, {
    graphBaseUrl,
    localCloud,
    stdout: (text) => (said.stdout += text),
    stderr: (text) => (said.stderr += text),
  });
  return { code, ...said };
};
const runJson = async (argv: string[]) => {
  const { code, stdout, stderr } = await run([...argv, '--json']);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as unknown;
};

describe('print', () => {
  it('prints on a printer that its name names, as the person and with the settings', async () => {
    const { code, stdout } = await run([
      ...['print', '--printer', 'recep', '--user', 'ada@contoso.example', '--document', 'plan.pdf'],
      ...['--pages', '2-3', '--copies', '4', '--color', '--duplex'],
    ]);
    expect(code).toBe(0);
    const [job] = await harness().control.listedJobs();
    expect(stdout).toBe(
      `Printed job ${job?.jobId} on Reception.\nNext: npm run -s cli -- jobs show ${job?.jobId} --tenant ${tenantA}\n`,
    );
    expect(job).toMatchObject({
      printerId: scene().plain,
      createdBy: { displayName: 'ada', userPrincipalName: 'ada@contoso.example' },
      documents: [{ displayName: 'plan.pdf' }],
      configuration: {
        pageRanges: [{ start: 2, end: 3 }],
        ...{ copies: 4, colorMode: 'color', duplexMode: 'flipOnLongEdge' },
      },
    });
  });

  // ESC [2J clears the screen, U+202E reverses the text after it, and U+009B is the CSI of C1.
  it('shows the control and format characters of a name escaped, in text, errors and JSON', async () => {
    const name = 'Lobby\u001b[2J\u202e\u009b\nPrinted';
    await harness().control.createPrinter(tenantA, { id: 'odd', displayName: name });
    const shown = 'Lobby\\u001b[2J\\u202e\\u009b\\nPrinted';
    expect((await run(['print', '--printer', 'odd'])).stdout).toContain(`on ${shown}.\nNext: `);
    expect((await run(['print', '--printer', 'none'])).stderr).toContain(`${shown} (odd)`);
    expect((await run(['print', `--${name}`])).stderr).not.toMatch(/[\u001b\u202e\u009b]/);
    const failed = await run(['print', '--printer', 'none', '--json']);
    expect(failed.stderr).not.toMatch(/[\u001b\u202e\u009b]/);
    expect(JSON.parse(failed.stderr)).toMatchObject({ problem: expect.stringContaining(name) as string });
    const document = ['--document', name];
    const { stdout } = await run(['print', '--printer', 'odd', ...document, '--json']);
    expect(stdout).not.toMatch(/[\u001b\u202e\u009b]/);
  });

  it('prints several jobs, which wait for the app where the printer has a trigger', async () => {
    const jobs = await runJson(['print', '--printer', scene().triggered, '--count', '2', '--grayscale']);
    expect(jobs).toMatchObject([
      { tenantId: tenantA, printerId: scene().triggered, definitionId: scene().definition },
      { taskId: expect.any(String) as unknown },
    ]);
    expect((await run(['print', '--printer', 'Archive'])).stdout).toContain('on Archive, where it waits for the app.');
  });

  it.each([
    [['--printer', 'Basement'], 'The local cloud has no printer "Basement". It has '],
    [['--printer', 'Reception', '--tenant', 'Fabrikam'], 'The local cloud has no tenant "Fabrikam".'],
  ])('names what there is for %j', async (argv, words) => {
    const { code, stderr } = await run(['print', ...argv]);
    expect(code).toBe(1);
    expect(stderr).toContain(`error: ${words}`);
    expect(stderr).toMatch(/It has .*\(/);
  });

  it('does not choose between two printers', async () => {
    await harness().control.createPrinter(tenantA, { displayName: 'Reception 2' });
    await harness().control.createPrinter(tenantA, { displayName: 'Reception 3' });
    // The whole name of one counts more than how others begin.
    expect((await run(['print', '--printer', 'reception'])).code).toBe(0);
    expect((await run(['print', '--printer', 'recep'])).stderr).toContain('"recep" names more than one printer');
  });

  it.each([
    ['a missing printer', []],
    ['a number that is none', ['--printer', 'x', '--count', '0']],
    ['a range that is none', ['--printer', 'x', '--pages', '3-1']],
    ['an unknown option', ['--printer', 'x', '--paper', 'a4']],
  ])('says what is wrong with %s', async (_name, argv) => {
    const { code, stdout, stderr } = await run(['print', ...argv]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--help');
  });
});

describe('fault', () => {
  const stateOf = async (fault: string) => {
    const rows = (await runJson(['fault', 'list'])) as { fault: string; state: string }[];
    return rows.find((row) => row.fault === fault)?.state;
  };

  it.each([
    ['lose-next', '1 notification left'],
    ['repeat-next', '1 notification left'],
    ['throttle', '2 calls left'],
    ['outage', 'lasts 60 s'],
    ['no-consent', tenantA],
  ])('sets, lists and clears %s', async (fault, state) => {
    expect(await stateOf(fault)).toBe('');
    const argv = ['fault', 'set', fault, ...(fault === 'no-consent' ? ['--tenant', tenantA] : [])];
    expect(await runJson(argv)).toMatchObject({ fault, state });
    expect(await stateOf(fault)).toEqual(state);
    expect((await run(['fault', 'list'])).stdout).toMatch(/^FAULT +STATE +MEANING\n/);
    expect((await run(['fault', 'clear', fault])).stdout).toBe(`Cleared ${fault}.\n`);
    expect(await stateOf(fault)).toBe('');
  });

  it('forges a notification at once: the app gets it, with a clientState that is not that of the subscription', async () => {
    expect((await run(['fault', 'set', 'forge'])).stderr).toContain('no subscription to forge');
    const receiver = await startReceiver();
    const clientState = 'local1.0.YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo';
    await harness().graph('POST', '/subscriptions', {
      changeType: 'updated',
      notificationUrl: receiver.url,
      resource: `print/printers/${scene().plain}/jobs`,
      notificationQueryOptions: fetchableFilter,
      expirationDateTime: harness().inMinutes(60),
      clientState,
    });
    const { code, stdout } = await run(['fault', 'set', 'forge', '--tenant', tenantA]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Done: another party posts/)]);
    const [subscription] = await harness().control.subscriptions();
    const items = receiver.items();
    expect(items).toMatchObject([{ subscriptionId: subscription?.id, tenantId: tenantA }]);
    expect(items[0]?.['clientState']).toHaveLength(clientState.length);
    expect(items[0]?.['clientState']).not.toBe(clientState);
    await receiver.close();
  });

  it('clears all', async () => {
    for (const fault of ['lose-next', 'throttle', 'outage']) await run(['fault', 'set', fault]);
    expect(await runJson(['fault', 'clear'])).toEqual(
      expect.not.arrayContaining([expect.objectContaining({ state: expect.stringMatching(/./) as unknown })]),
    );
  });

  it('throttles so many calls of a customer with Retry-After', async () => {
    const { code } = await run(['fault', 'set', 'throttle', '--count', '1', '--seconds', '7', '--tenant', tenantA]);
    expect(code).toBe(0);
    const answer = await harness().graph('GET', `/print/printers/${scene().plain}`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7']);
  });

  it('takes Graph down for a time', async () => {
    await run(['fault', 'set', 'outage', '--seconds', '1']);
    expect((await harness().graph('GET', `/print/printers/${scene().plain}`)).status).toBe(503);
    while ((await harness().control.outage()) !== undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await harness().graph('GET', `/print/printers/${scene().plain}`)).status).toBe(200);
  });

  it('refuses a fault that does not exist', async () => {
    const { code, stderr } = await run(['fault', 'set', 'fire']);
    expect(code).toBe(2);
    expect(stderr).toContain('lose-next');
  });
});

describe('where it works', () => {
  it.each([
    ['https://graph.microsoft.com/v1.0', 'GRAPH_BASE_URL is https://graph.microsoft.com.'],
    ['https://127.0.0.1.example/v1.0', 'GRAPH_BASE_URL is https://127.0.0.1.example.'],
    ['nonsense', 'GRAPH_BASE_URL is not a URL.'],
    [' ', 'GRAPH_BASE_URL is not set.'],
  ])('refuses "%s"', async (graphBaseUrl, words) => {
    for (const argv of [
      ['print', '--printer', 'x'],
      ['fault', 'list'],
    ]) {
      const { code, stdout, stderr } = await run(argv, graphBaseUrl);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(words);
      expect(stderr).toContain('npm start');
    }
  });

  it('says that the local cloud is not running', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await run(['fault', 'list'], `${url}/v1.0`, {
      ...harness().simulator,
      ...{ graphUrl: url, controlUrl: `${url}/control` },
    });
    expect([code, stderr]).toEqual([
      1,
      `error: Cannot reach the local cloud at ${url} (ECONNREFUSED). Is \`npm start\` running?\n`,
    ]);
  });

  it.each([
    ['absent', () => undefined, 'There is no local.cloud.json in this folder.'],
    [
      'of another local cloud',
      () => ({ ...harness().simulator, graphUrl: 'http://127.0.0.1:1' }),
      'local.cloud.json is of the local cloud at http://127.0.0.1:1.',
    ],
    [
      'of an earlier start',
      () => ({ ...harness().simulator, controlToken: 'that of yesterday' }),
      'does not accept the token of local.cloud.json.',
    ],
  ])('asks whether npm start is running when its file is %s', async (_name, file, words) => {
    const said = { stdout: '', stderr: '' };
    const code = await runTool(['fault', 'list'], {
      graphBaseUrl: `${harness().simulator.graphUrl}/v1.0`,
      localCloud: file(),
      stdout: (text) => (said.stdout += text),
      stderr: (text) => (said.stderr += text),
    });
    expect([code, said.stdout]).toEqual([1, '']);
    expect(said.stderr).toContain(words);
    expect(said.stderr).toMatch(/ Is `npm start` running here\?\n$/);
  });

  it('with --json, an error is one document on stderr, as that of the other verbs', async () => {
    const usage = await run(['fault', 'set', 'fire', '--json']);
    expect([usage.code, usage.stdout]).toEqual([2, '']);
    expect(JSON.parse(usage.stderr)).toMatchObject({ code: 'usage', details: [], retryable: false });
    const failed = await run(['print', '--printer', 'Nowhere', '--json']);
    expect([failed.code, failed.stdout]).toEqual([1, '']);
    expect(JSON.parse(failed.stderr)).toMatchObject({
      code: 'failed',
      problem: expect.stringMatching(/^The local cloud has no printer "Nowhere"/) as unknown,
      remedy: expect.stringMatching(/\.$/) as unknown,
    });
  });

  it.each([['print'], ['fault'], ['fault', 'set']])('helps: %s %s', async (...words) => {
    const { code, stdout } = await run([...words, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: universal-print-receiver');
  });
});
