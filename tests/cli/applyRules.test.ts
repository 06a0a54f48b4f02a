import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReceiverError } from '../../shared/errors';
import { createCliWorld } from '../support/createCliWorld';
import { graphError } from '../support/createFakeGraph';
import { OTHER_TENANT, TENANT } from '../support/createSubscriptionWorld';

const folder = mkdtempSync(join(tmpdir(), 'cli-apply-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, document: object) => writeFileSync(join(folder, name), JSON.stringify(document));
const redirect = {
  name: 'far',
  on: 'jobStarted',
  when: { copies: 1, not: { printer: 'p2' } },
  then: { redirect: { printer: 'p2' } },
};
const bigJobs = { name: 'big jobs', on: 'jobStarted', when: { copies: 2 }, then: { abort: {} } };

/** Every permission is granted, except `missing`. Calls on ids that do not exist are answered 404 (docs/permissions.md). */
async function createWorld(...missing: string[]) {
  write('abort.json', { version: 1, onFailure: 'abort', rules: [] });
  write('release.json', { version: 1, rules: [] });
  write('act.json', { version: 1, rules: [redirect, bigJobs] });
  const world = createCliWorld({ directory: folder });
  await world.addTenant();
  await world.addTenant(OTHER_TENANT);
  for (const method of ['GET', 'PATCH', 'POST'] as const) {
    for (let call = 0; call < 20; call += 1) {
      world.graph.next(method, ({ permission }) => {
        throw graphError(missing.includes(permission) ? 'forbidden' : 'notFound');
      });
    }
  }
  const onFailure = async (tenantId: string) => (await world.tenants.get(tenantId))?.onFailure;
  return { ...world, onFailure };
}

const own = ['--tenant', TENANT, '--name', 'A customer'];

describe('rules push copies onFailure', () => {
  it('of the default rules to every tenant without rules of its own, whatever its status', async () => {
    const world = await createWorld();
    await world.addTenant('33333333-3333-3333-3333-333333333333', 'removed');
    await world.run('rules', 'push', 'release.json', ...own);
    const { code, stdout, stderr } = await world.run('rules', 'push', 'abort.json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Changed onFailure to abort for 2 tenants.');
    expect(await world.onFailure(TENANT)).toBe('release');
    expect(await world.onFailure(OTHER_TENANT)).toBe('abort');
    expect(await world.onFailure('33333333-3333-3333-3333-333333333333')).toBe('abort');
  });

  it("of a tenant's own rules to that tenant", async () => {
    const world = await createWorld();
    expect(await world.runJson('rules', 'push', 'abort.json', ...own)).toMatchObject({
      code: 0,
      json: { onFailure: 'abort', changed: 1, lacking: [] },
    });
    expect(await world.onFailure(TENANT)).toBe('abort');
    expect(await world.onFailure(OTHER_TENANT)).toBe('release');
    expect((await world.run('rules', 'push', 'abort.json', ...own, '--etag', '0x1')).stdout).not.toContain('Changed');
  });

  it('and names the way to repeat it when a tenant could not be written', async () => {
    const world = await createWorld();
    const update = world.tenants.update.bind(world.tenants);
    world.tenants.update = (tenantId, change) =>
      tenantId === OTHER_TENANT
        ? Promise.reject(new ReceiverError('rowContended', 'The row changed'))
        : update(tenantId, change);
    const { code, stdout, stderr } = await world.run('rules', 'push', 'abort.json');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(
      'rules/default.json was stored with ETag 0x1, but not applied to all tenants:\n  The row changed',
    );
    expect(stderr).toContain('--etag 0x1');
    world.tenants.update = update;
    expect((await world.run('rules', 'push', 'abort.json', '--etag', '0x1')).code).toBe(0);
    expect(await world.onFailure(OTHER_TENANT)).toBe('abort');
  });

  it('tenants add takes that of the rules in force, tenants show shows it, and unreadable rules stop an add', async () => {
    const world = await createWorld();
    await world.run('rules', 'push', 'abort.json');
    const added = '44444444-4444-4444-4444-444444444444';
    expect(await world.runJson('tenants', 'add', added, '--name', 'New')).toMatchObject({
      json: { onFailure: 'abort' },
    });
    expect((await world.run('tenants', 'show', added)).stdout).toMatch(/^onFailure +abort$/m);
    const broken = '55555555-5555-5555-5555-555555555555';
    await world.configBlobs.write(`rules/${broken}.json`, 'x');
    const refused = await world.run('tenants', 'add', broken, '--name', 'Broken');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`rules/${broken}.json has no valid rules`);
    expect(await world.tenants.get(broken)).toBeUndefined();
  });
});

describe('permissions that rules need', () => {
  it('rules push tests only those, and warns of the missing ones with the rules that need them', async () => {
    const world = await createWorld('PrintJob.Manage.All');
    const { code, stdout, stderr } = await world.run('rules', 'push', 'act.json', ...own);
    expect(code).toBe(0);
    expect(stdout).toContain('Stored rules/');
    expect(stderr).toBe(
      [
        `warning: Tenant ${TENANT} (A customer) lacks permissions that its rules need:`,
        '  PrintJob.Manage.All for rule "far" is missing',
        `  See tenants show ${TENANT} and docs/permissions.md.`,
        '',
      ].join('\n'),
    );
    expect(world.graph.calls.map(({ permission }) => permission)).toEqual([
      'PrintTaskDefinition.ReadWrite.All',
      'Printer.Read.All',
      'PrintJob.ReadBasic.All',
      'PrintJob.ReadWriteBasic.All',
      'PrintJob.Manage.All',
    ]);
  });

  it('a removed tenant is not asked', async () => {
    const world = await createWorld();
    for (const tenantId of [TENANT, OTHER_TENANT]) {
      await world.tenants.update(tenantId, (row) => ({ ...row, status: 'removed' }));
    }
    await world.run('rules', 'push', 'act.json');
    expect(world.graph.calls).toEqual([]);
  });

  it('tenants show names the rules that lack them', async () => {
    const world = await createWorld('PrintJob.ReadWriteBasic.All');
    await world.configBlobs.write('rules/default.json', JSON.stringify({ version: 1, rules: [redirect, bigJobs] }));
    const { stdout } = await world.run('tenants', 'show', TENANT);
    expect(stdout).toContain(
      'Rules: rules/default.json lacks permissions:\n  PrintJob.ReadWriteBasic.All for rule "big jobs" is missing\n',
    );
    expect(await world.runJson('tenants', 'show', OTHER_TENANT)).toMatchObject({
      json: {
        rules: {
          blob: 'rules/default.json',
          lacking: [{ permission: 'PrintJob.ReadWriteBasic.All', state: 'missing' }],
        },
      },
    });
  });

  it('tenants show says that nothing is lacking, and nothing without rules', async () => {
    const world = await createWorld();
    expect((await world.run('tenants', 'show', TENANT)).stdout).not.toContain('Rules:');
    await world.configBlobs.write(`rules/${OTHER_TENANT}.json`, JSON.stringify({ version: 1, rules: [bigJobs] }));
    expect((await world.run('tenants', 'show', OTHER_TENANT)).stdout).toContain(
      `Rules: rules/${OTHER_TENANT}.json has all permissions that it needs.`,
    );
  });

  it('tenants show says why rules cannot be read, beside the rest', async () => {
    const world = await createWorld();
    await world.configBlobs.write(`rules/${TENANT}.json`, 'x');
    const { code, stdout } = await world.run('tenants', 'show', TENANT);
    expect(code).toBe(0);
    expect(stdout).toContain(`Rules: rules/${TENANT}.json has no valid rules: line 1: $ is not JSON here`);
    expect(stdout).toContain('/adminconsent?');
  });

  it('a permission that could not be tested is a warning of its own, and long lists of rules are cut', async () => {
    const world = createCliWorld({ directory: folder });
    await world.addTenant();
    for (const method of ['GET', 'GET', 'GET', 'PATCH'] as const) {
      world.graph.nextError(method, graphError('unavailable'));
    }
    const many = Array.from({ length: 7 }, (_, index) => ({
      ...bigJobs,
      name: `r${index}`,
      when: { copies: index + 1 },
    }));
    write('many.json', { version: 1, rules: many });
    expect((await world.run('rules', 'push', 'many.json')).stderr).toContain(
      '  PrintJob.ReadWriteBasic.All for rule "r0", rule "r1", rule "r2", rule "r3", rule "r4" and 2 more could not be tested\n',
    );
  });
});
