import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { writeLocalCloudFile } from '../../local/localCloudFile';
import { DEFAULT_PORTS } from '../../local/startLocalCloud';
import { compareRuns } from '../support/comparedRuns';
import { readDocumentSteps, type DocumentStep } from '../support/documentSteps';
import { BROWSER } from '../support/runCommand';
import { readRunnablePages, type RunnablePage } from '../support/runnableBlocks';
import { expectNoPowerShell, findPowerShell, runBash, runPowerShell, type ShellRun } from '../support/shells';
import { eventually } from '../support/eventually';
import { standInForCurl } from '../support/standInForCurl';
import { standInForNpm } from '../support/standInForNpm';
import { ROOT, startFlow, type Flow } from '../support/startFlow';

/** In the order in which a reader comes to them: each continues where the one before ends. */
const PAGES = ['docs/onboarding.md', 'docs/operations.md', 'docs/fleet.md'].map((page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return { page, text, steps: readDocumentSteps(text) };
});
/** How the pages say that a device code is answered. */
const DEVICE_LOGIN = '/devicelogin?user_code=<code>&as=printerAdministrator';

/** The customer of `npm start`: one that has not consented, with two printers. */
const TENANT = 'aaaaaaaa-0000-4000-8000-000000000001';
const PRINTERS = {
  Reception: 'bbbbbbbb-0000-4000-8000-000000000001',
  Archive: 'bbbbbbbb-0000-4000-8000-000000000002',
};

/** The customer and the printer of the examples in other pages, and where their app is. */
const EXAMPLE_TENANT = '11111111-1111-1111-1111-111111111111';
const EXAMPLE_PRINTER = '66666666-6666-6666-6666-666666666666';
const APP_URL = 'https://app.azurewebsites.net';

/** What a reader types, against a local cloud as `npm start` has it, in a folder with its local.settings.json. */
describe('the documented commands', () => {
  const runs = compareRuns();
  const folder = mkdtempSync(join(tmpdir(), 'documentation-'));
  // A machine for tests may have no curl, unlike a reader's.
  const environment = {
    PATH: [standInForNpm(ROOT, folder), standInForCurl(ROOT, folder, process.env['PATH'] ?? '')].join(delimiter),
    // A person who signs in at once as a Printer Administrator.
    BROWSER,
  };
  let flow: Flow;
  let settings: Record<string, string>;
  beforeAll(async () => {
    // Five tries as documented, without half a minute between them.
    flow = await startFlow({
      settings: { AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01' },
    });
    settings = { ...flow.cloud.settings, CLIENT_STATE_KEYS: `local1:${newKey()}` };
    await flow.control.createTenant({ tenantId: TENANT, name: 'Contoso', roles: [] });
    for (const [displayName, id] of Object.entries(PRINTERS)) {
      await flow.control.createPrinter(TENANT, { id, displayName });
    }
    writeLocalCloudFile(folder, flow.cloud.simulator);
    await deploy({});
  }, 60_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await flow.stop();
  }, 30_000);

  /** As `npm start` does when local.settings.json has changed. */
  async function deploy(change: Readonly<Record<string, string>>): Promise<void> {
    settings = { ...settings, ...change };
    writeFileSync(join(folder, 'local.settings.json'), JSON.stringify({ Values: settings }));
    await flow.cloud.restartHost(0, settings);
  }

  /** The documented addresses are those of `npm start`; this run has other ports. */
  function ports(): [documented: number, actual: number][] {
    const { simulator, hosts } = flow.cloud;
    const portOf = (url: string | undefined) => Number(new URL(url ?? '').port);
    return [
      [DEFAULT_PORTS.graph, portOf(simulator.graphUrl)],
      [DEFAULT_PORTS.token, portOf(simulator.authorityUrl)],
      [DEFAULT_PORTS.host, portOf(hosts[0]?.url)],
    ];
  }
  const withPort = (text: string, from: number, to: number) =>
    text.replace(new RegExp(`(127\\.0\\.0\\.1|localhost)(:|%3A)${from}\\b`, 'g'), `$1$2${to}`);
  const toThisRun = (text: string) => ports().reduce((moved, [page, here]) => withPort(moved, page, here), text);
  const toThePage = (text: string) => ports().reduce((moved, [page, here]) => withPort(moved, here, page), text);

  function newKey(): string {
    return randomBytes(32).toString('base64');
  }

  /** `<key of k>` in the documented setting is the key that has this id, or a fresh one. */
  function fillKeys(value: string): string {
    const known = new Map((settings['CLIENT_STATE_KEYS'] ?? '').split(',').map((key) => [key.split(':')[0], key]));
    return value.replace(/(\w+):<key of \1>/g, (_text, keyId: string) => known.get(keyId) ?? `${keyId}:${newKey()}`);
  }

  /** The pages tell the reader to wait until the job is through, or given up. */
  async function untilSettled(): Promise<void> {
    await flow.untilQuiet();
    await eventually('the end of all work', async () =>
      (await flow.queues.length('print-notifications')) === 0 ? true : undefined,
    );
    await flow.untilQuiet();
  }

  it('name the address at which a device code is answered', () => {
    expect(PAGES[0]?.text).toContain(`http://127.0.0.1:${DEFAULT_PORTS.graph}${DEVICE_LOGIN}`);
  });

  for (const { page, steps } of PAGES) {
    it.each(steps.map((step) => ({ step, at: `${page}:${step.line}`, what: titleOf(step) })))(
      '$at $what',
      async ({ step, at }) => {
        await untilSettled();
        if (step.kind === 'settings') {
          const changes = Object.entries(step.values).map(([name, value]) => [name, toThisRun(fillKeys(value))]);
          return deploy(Object.fromEntries(changes) as Record<string, string>);
        }
        const { code, said } = await runBash(toThisRun(runs.translate(step.command)), {
          cwd: folder,
          env: environment,
        });
        const { documented, actual } = runs.compare(step.output, toThePage(said));
        expect(`${at}\n${actual}`).toBe(`${at}\n${documented}`);
        expect(code === 0).toBe(!/^error: /m.test(step.output));
      },
      60_000,
    );
  }

  it('leave a line in the log that names customer, job and cause of the failed message', () => {
    expect(flow.logged('job.poisoned')).toMatchObject([
      { tenantId: TENANT, jobId: '5183', reason: 'tooManyAttempts', attempts: 5, code: 'graphForbidden' },
    ]);
  });

  describe('in blocks that are marked runnable', () => {
    const { cloud } = readRunnablePages(ROOT);
    const pwsh = findPowerShell();
    const keys: Record<string, string> = {};
    beforeAll(async () => {
      keys['FUNCTION_KEY'] = flow.cloud.functionKey;
      await flow.control.createTenant({ tenantId: EXAMPLE_TENANT, name: 'Fabrikam' });
      await flow.control.createPrinter(EXAMPLE_TENANT, { id: EXAMPLE_PRINTER, displayName: 'Lobby' });
      const created = await inBash(
        `npm run -s cli -- tenants add ${EXAMPLE_TENANT} --name Fabrikam > added.txt
        npm run -s cli -- tenants token create --tenant ${EXAMPLE_TENANT} --name Lobby --printer ${EXAMPLE_PRINTER} --json`,
      );
      keys['DEVICE_TOKEN'] = /uprd1[\w.-]+/.exec(created.said)?.[0] ?? created.said;
    }, 60_000);

    const inThisRun = (text: string) => toThisRun(text).replaceAll(APP_URL, flow.cloud.hosts[0]?.url ?? '');
    const options = () => ({ cwd: folder, env: { ...environment, ...keys } });
    const inBash = (text: string) => runBash(text, { ...options(), strict: true });
    const resultOf = ({ code, said }: ShellRun) => (code === 0 ? 'done' : said);

    // A shell for each block: what a reader types needs no block before it.
    it.each(cloud.flatMap(({ page, blocks }) => blocks.map(({ line, bash }) => [`${page}:${line}`, bash] as const)))(
      '%s runs in bash',
      async (_name, bash) => {
        // Without -f, curl ends with 0 for any status.
        const text = inThisRun(bash).replace(/^curl /gm, 'curl -f ');
        expect(resultOf(await inBash(text))).toBe('done');
      },
      60_000,
    );

    const isVaried = ({ blocks }: RunnablePage) => blocks.some(({ bash, powershell }) => powershell !== bash);
    it.each(cloud.filter(isVaried).map((page) => [page.page, page] as const))(
      '%s runs in PowerShell 7',
      async (name, page) => {
        if (pwsh === undefined) return expectNoPowerShell(name);
        const text = inThisRun(page.blocks.map(({ powershell }) => powershell).join('\n'));
        const run = await runPowerShell(pwsh, text, { ...options(), home: folder });
        expect(resultOf(run)).toBe('done');
      },
      60_000,
    );
  });
});

function titleOf(step: DocumentStep): string {
  return step.kind === 'command' ? step.command : `sets ${Object.keys(step.values).join(', ')}`;
}
