import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { CLI_ENV, createCliWorld } from '../support/createCliWorld';
import { TENANT } from '../support/createSubscriptionWorld';

const READ = ['PrintJob.ReadBasic.All', 'Printer.Read.All'];
const OBSERVE = [...READ, 'PrintTaskDefinition.ReadWrite.All'];
const folder = mkdtempSync(join(tmpdir(), 'consent-script-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function createWorld(...rules: object[]) {
  const world = createCliWorld();
  await world.addTenant();
  if (rules.length > 0) {
    await world.configBlobs.write('rules/default.json', JSON.stringify({ version: 1, rules }));
  }
  const script = async (...argv: string[]) => {
    const { json } = await world.runJson('tenants', 'consent-script', TENANT, ...argv);
    return json;
  };
  return { ...world, script };
}

describe('tenants consent-script', () => {
  it.each([
    ['without rules, what receiving jobs needs', [], [], OBSERVE],
    [
      'for rules that only notify, what reading needs',
      [{ name: 'n', on: 'jobFetchable', then: { notify: {} } }],
      [],
      READ,
    ],
    [
      'for rules that redirect, that role too, and no other',
      [{ name: 'r', on: 'jobStarted', then: { redirect: { printer: 'p2' } } }],
      [],
      [...OBSERVE, 'PrintJob.Manage.All'],
    ],
    [
      'to observe, nothing that changes jobs, whatever the rules',
      [{ name: 'r', on: 'jobStarted', then: { redirect: { printer: 'p2' } } }],
      ['--for', 'observe'],
      OBSERVE,
    ],
    [
      'to act, all',
      [],
      ['--for', 'act'],
      [...OBSERVE, 'PrintJob.ReadWriteBasic.All', 'PrintJob.Manage.All', 'PrintJob.Read.All'],
    ],
  ])('%s', async (_name, rules, argv, roles) => {
    const world = await createWorld(...rules);
    expect(await world.script(...argv)).toMatchObject({ tenantId: TENANT, roles });
  });

  it('PowerShell: assigns the roles of Microsoft Graph by name to the app of the settings', async () => {
    const world = await createWorld();
    const { code, stdout, stderr } = await world.run('tenants', 'consent-script', TENANT);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(
      `Connect-MgGraph -TenantId ${TENANT} -Scopes Application.ReadWrite.All, AppRoleAssignment`,
    );
    expect(stdout).toContain(`"appId eq '${CLI_ENV.ENTRA_CLIENT_ID}'"`);
    expect(stdout).toContain(`foreach ($name in ${OBSERVE.map((role) => `'${role}'`).join(', ')}) {`);
    expect(stdout).toContain('New-MgServicePrincipalAppRoleAssignment');
  });

  describe('bash', () => {
    async function runScript(env: Record<string, string>) {
      copyFileSync(join(__dirname, '..', 'fixtures', 'az.sh'), join(folder, 'az'));
      const log = join(folder, 'log.txt');
      rmSync(log, { force: true });
      const { stdout: script } = await (
        await createWorld()
      ).run('tenants', 'consent-script', TENANT, '--shell', 'bash');
      const stdout = execFileSync('bash', ['--norc', '-c', script], {
        env: { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, AZ_LOG: log, ...env },
        encoding: 'utf8',
      });
      return { stdout, calls: readFileSync(log, 'utf8').trim().split('\n') };
    }
    const posts = (calls: string[]) => calls.filter((call) => call.startsWith('rest --method post'));

    it('assigns the roles that are not assigned yet (api/serviceprincipal-post-approleassignments.md)', async () => {
      const { stdout, calls } = await runScript({ AZ_HAS_APP: '1' });
      expect(stdout.split('\n')).toEqual([
        'PrintJob.ReadBasic.All is assigned already',
        'Printer.Read.All is assigned now',
        'PrintTaskDefinition.ReadWrite.All is assigned now',
        '',
      ]);
      expect(calls[0]).toBe(`login --tenant ${TENANT} --allow-no-subscriptions --output none`);
      expect(posts(calls)).toHaveLength(2);
      expect(posts(calls)[0]).toContain('https://graph.microsoft.com/v1.0/servicePrincipals/app-id/appRoleAssignments');
      expect(posts(calls)[0]).toContain(
        '{"principalId":"app-id","resourceId":"graph-id","appRoleId":"role-of-Printer.Read.All"}',
      );
    });

    it('adds the app to a tenant that does not have it', async () => {
      const { calls } = await runScript({});
      expect(calls).toContain(`ad sp create --id ${CLI_ENV.ENTRA_CLIENT_ID} --query id --output tsv`);
      expect(posts(calls)[0]).toContain('/servicePrincipals/new-app-id/appRoleAssignments');
    });
  });

  it('is for customers on the allow-list', async () => {
    const { code, stderr } = await createCliWorld().run('tenants', 'consent-script', TENANT);
    expect(code).toBe(1);
    expect(stderr).toContain('is not on the allow-list');
  });
});
