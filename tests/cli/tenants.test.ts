import { signConsentState } from '../../shared/consent/consentLink';
import { createCliWorld } from '../support/createCliWorld';
import { START, TENANT } from '../support/createSubscriptionWorld';
import { testKey } from '../support/testKey';

/** concepts/auth-v2-service.md: {authority}/{tenant}/adminconsent?client_id&redirect_uri. */
const CONSENT_URL =
  `https://login.microsoftonline.com/${TENANT}/adminconsent` +
  '?client_id=55555555-5555-5555-5555-555555555555&redirect_uri=https%3A%2F%2Freceiver.example%2Fapi%2Fconsent' +
  `&state=${signConsentState([{ keyId: 'k1', key: testKey(7) }], TENANT, Date.parse(START))}`;

describe('tenants', () => {
  it('add adds a customer to the allow-list and prints consent link and permissions', async () => {
    const world = createCliWorld();
    const { code, stdout, stderr } = await world.run(
      'tenants',
      'add',
      TENANT.toUpperCase(),
      '--name',
      ' First customer ',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await world.tenants.get(TENANT)).toEqual({
      tenantId: TENANT,
      name: 'First customer',
      status: 'active',
      taskDeadlineMinutes: 15,
      graphAccess: 'ok',
      failures: 0,
      sweepRefusals: 0,
      lostByGraph: 0,
      retentionDays: 30,
      documentDays: 30,
      personalDataDays: 30,
      quietPrinterMinutes: 60,
      completionEvents: 'off',
      onFailure: 'release',
      createdAt: START,
    });
    expect(stdout).toContain(CONSENT_URL);
    // Least application permissions of the print and subscription pages in api/.
    for (const permission of [
      'PrintTaskDefinition.ReadWrite.All',
      'Printer.Read.All',
      'PrintJob.ReadBasic.All',
      'PrintJob.Read.All',
      'PrintJob.ReadWriteBasic.All',
      'PrintJob.Manage.All',
    ]) {
      expect(stdout).toContain(permission);
    }
    // api/printer-post-tasktriggers.md, api/print-list-printers.md: delegated only.
    expect(stdout).toMatch(/delegated .*Printer\.Read\.All and Printer\.ReadWrite\.All/);
    expect(stdout).toContain(`definitions create --tenant ${TENANT}`);
  });

  it('add can be repeated: it changes nothing and prints the same', async () => {
    const world = createCliWorld();
    const first = await world.runJson('tenants', 'add', TENANT, '--name', 'First customer');
    expect(first).toMatchObject({
      code: 0,
      stderr: '',
      json: {
        tenantId: TENANT,
        name: 'First customer',
        status: 'active',
        added: true,
        consentUrl: CONSENT_URL,
      },
    });
    const again = await world.runJson('tenants', 'add', TENANT, '--name', 'Another');
    expect(again).toMatchObject({ code: 0, json: { name: 'First customer', added: false } });
    // The name is neither changed nor dropped without a word.
    expect(again.stderr).toBe(
      `warning: The name of tenant ${TENANT} stays "First customer". To change it: tenants rename ${TENANT} --name "Another"\n`,
    );
    expect((await world.run('tenants', 'add', TENANT, '--name', 'First customer')).stderr).toBe('');
    // A shell would run a part of this name.
    const { stderr } = await world.run('tenants', 'add', TENANT, '--name', '$(date)');
    expect(stderr).toContain(`tenants rename ${TENANT} --name <text>`);
    const text = await world.run('tenants', 'add', TENANT, '--name', 'Another');
    expect(text.stdout).toContain('already on the allow-list (active)');
  });

  it('rename changes the name alone', async () => {
    const world = createCliWorld();
    await world.addTenant();
    const before = await world.tenants.get(TENANT);
    const { code, stdout } = await world.run('tenants', 'rename', TENANT, '--name', ' Fabrikam ');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `Renamed tenant ${TENANT} from "A customer" to "Fabrikam".\n`,
    });
    expect(await world.tenants.get(TENANT)).toEqual({ ...before, name: 'Fabrikam' });
    expect((await world.run('tenants', 'rename', TENANT, '--name', 'Fabrikam')).stdout).toBe(
      `The name of tenant ${TENANT} is "Fabrikam" already.\n`,
    );
    expect(await world.runJson('tenants', 'rename', TENANT, '--name', 'Contoso')).toMatchObject({
      code: 0,
      stderr: '',
      json: { tenantId: TENANT, name: 'Contoso', status: 'active' },
    });
  });

  it('rename refuses a customer that is removed or not listed, and a name that is empty', async () => {
    const world = createCliWorld();
    const rename = (name = 'x') => world.run('tenants', 'rename', TENANT, '--name', name);
    expect(await rename()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not on the allow-list') as string,
    });
    await world.addTenant(TENANT, 'removed');
    expect(await rename()).toMatchObject({ code: 1, stderr: expect.stringContaining('has been removed') as string });
    expect(await world.tenants.get(TENANT)).toMatchObject({ name: 'A customer' });
    expect(await rename(' ')).toMatchObject({ code: 2 });
  });

  it('list shows all customers, and the next step when there is none', async () => {
    const world = createCliWorld();
    expect(await world.runJson('tenants', 'list')).toEqual({ code: 0, stderr: '', json: [] });
    expect((await world.run('tenants', 'list')).stdout).toContain('tenants add');
    await world.addTenant(TENANT, 'paused');
    const { stdout } = await world.run('tenants', 'list');
    expect(stdout.split('\n')[1]?.split(/ {2,}/)).toEqual([TENANT, 'A customer', 'paused', START]);
    expect(await world.runJson('tenants', 'list')).toMatchObject({
      json: [{ tenantId: TENANT, status: 'paused' }],
    });
  });

  it('list warns of an unreadable row', async () => {
    const world = createCliWorld();
    await world.tenantTable.insert({ partitionKey: 'tenant', rowKey: 'broken' });
    expect(await world.runJson('tenants', 'list')).toEqual({
      code: 0,
      json: [],
      stderr: expect.stringMatching(/^warning: .*table Tenants/) as string,
    });
  });

  it('add tolerates a row that is deleted at the same time', async () => {
    const world = createCliWorld();
    await world.addTenant();
    world.tenants.get = () => Promise.resolve(undefined);
    expect(await world.runJson('tenants', 'add', TENANT, '--name', 'x')).toMatchObject({
      code: 0,
      json: { added: false },
    });
  });
});
