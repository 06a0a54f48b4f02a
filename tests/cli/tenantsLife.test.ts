import { createCliWorld } from '../support/createCliWorld';
import { graphError } from '../support/createFakeGraph';
import {
  DEFINITION,
  MINUTE,
  OTHER_TENANT,
  PRINTER,
  putServed,
  START,
  TENANT,
} from '../support/createSubscriptionWorld';

const TRIGGER = '66666666-6666-6666-6666-666666666666';
const LATER = '2026-11-22T00:05:00.000Z';

/** Graph as it answers the administrator: one printer, with a trigger when `trigger` is given. */
function answerAdministrator(world: ReturnType<typeof createCliWorld>, trigger?: object): void {
  world.graph.next('GET', () => ({ value: [{ id: DEFINITION, displayName: 'Ours' }] }));
  world.administrator.next('GET', () => ({ value: [{ id: PRINTER, displayName: 'First floor' }] }));
  world.administrator.next('GET', () => ({ value: trigger ? [trigger] : [] }));
}

describe('tenants pause and resume', () => {
  it('pause sets the status, and jobs of the pause are ignored after resume', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await putServed(world);
    expect(await world.runJson('tenants', 'pause', TENANT)).toMatchObject({
      code: 0,
      json: { tenantId: TENANT, status: 'paused' },
    });
    expect((await world.run('tenants', 'pause', TENANT)).stdout).toContain(`To resume: tenants resume ${TENANT}`);
    world.clock.advance(5 * MINUTE);
    const { code, stdout } = await world.run('tenants', 'resume', TENANT);
    expect(code).toBe(0);
    expect(stdout).toContain('is active');
    expect((await world.read()).watch).toMatchObject({ since: LATER, subscriptionId: 'subscription-0' });
  });

  it('resume of an active tenant changes nothing: its jobs still count from its start', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await world.put();
    world.clock.advance(5 * MINUTE);
    expect(await world.runJson('tenants', 'resume', TENANT)).toMatchObject({ json: { status: 'active' } });
    expect((await world.read()).watch.since).toBe(START);
  });

  it.each(['pause', 'resume'])('%s prints what to do for a tenant that is not listed, or removed', async (verb) => {
    const world = createCliWorld();
    expect(await world.run('tenants', verb, TENANT)).toMatchObject({ code: 1, stdout: '' });
    await world.addTenant(TENANT, 'removed');
    const { code, stderr } = await world.run('tenants', verb, TENANT);
    expect(code).toBe(1);
    expect(stderr).toContain(`has been removed. Add it: tenants add ${TENANT}`);
  });
});

describe('tenants consent-url', () => {
  it('prints only the link, for any tenant', async () => {
    const world = createCliWorld();
    const { code, stdout } = await world.run('tenants', 'consent-url', TENANT);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^https:\/\/login\.microsoftonline\.com\/\S+\n$/);
    expect(await world.runJson('tenants', 'consent-url', TENANT)).toMatchObject({
      json: { tenantId: TENANT, consentUrl: stdout.trim() },
    });
  });
});

describe('tenants remove', () => {
  it('asks for confirmation, and does nothing after a no or without a terminal', async () => {
    const world = createCliWorld({ confirm: () => Promise.resolve(false) });
    await world.addTenant();
    const { code, stderr } = await world.run('tenants', 'remove', TENANT);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'Nothing was removed.\n' });
    const silent = createCliWorld();
    await silent.addTenant();
    expect((await silent.run('tenants', 'remove', TENANT)).code).toBe(2);
    expect((await silent.tenants.get(TENANT))?.status).toBe('active');
  });

  it.each([
    ['of this app', { id: TRIGGER, definition: { id: DEFINITION.toUpperCase() } }],
    ['whose definition Graph does not show', { id: TRIGGER }],
  ])('fails while a printer has a trigger %s, and shows the command that deletes it', async (_name, trigger) => {
    const world = createCliWorld();
    await world.addTenant();
    await putServed(world);
    answerAdministrator(world, trigger);
    const { code, stdout, stderr } = await world.run('tenants', 'remove', TENANT, '--yes');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('https://login.example/authorize');
    expect(stderr).toContain(`First floor: triggers delete ${TRIGGER} --tenant ${TENANT} --printer ${PRINTER}`);
    expect(world.signedIn).toEqual([`${TENANT} Printer.Read.All`]);
    expect((await world.tenants.get(TENANT))?.status).toBe('active');
    expect(world.graph.subscriptions.size).toBe(1);
  });

  it('removes subscriptions and watches when only other apps have triggers, and sets the status to removed', async () => {
    const world = createCliWorld({ confirm: () => Promise.resolve(true) });
    await world.addTenant();
    await putServed(world);
    await world.put({ kind: 'jobStarted', id: DEFINITION });
    await world.put({ tenantId: OTHER_TENANT });
    answerAdministrator(world, { id: TRIGGER, definition: { id: 'another' } });
    const { code, stdout } = await world.run('tenants', 'remove', TENANT);
    expect(code).toBe(0);
    expect(stdout).toContain(`Removed tenant ${TENANT} (A customer) with 2 watches.`);
    expect(world.graph.subscriptions.size).toBe(0);
    expect(await world.countWatches()).toBe(1);
    expect((await world.tenants.get(TENANT))?.status).toBe('removed');
  });

  it('--ledger deletes the ledger, --force skips the sign-in, and the command can be repeated', async () => {
    const world = createCliWorld();
    await world.addTenant();
    for (let row = 0; row < 40; row += 1) {
      await world.ledgerTable.insert({ partitionKey: TENANT, rowKey: `jobFetchable_p_${row}` });
    }
    await world.ledgerTable.insert({ partitionKey: OTHER_TENANT, rowKey: 'jobFetchable_p_1' });
    const argv = ['tenants', 'remove', TENANT, '--force', '--ledger', '--yes'];
    expect(await world.runJson(...argv)).toMatchObject({
      code: 0,
      json: { tenantId: TENANT, status: 'removed', watches: 0, ledgerRows: 40, failures: [] },
    });
    expect(world.ledgerTable.size()).toBe(1);
    expect(world.signedIn).toEqual([]);
    expect((await world.run(...argv)).stdout).toContain('0 watches and 0 ledger rows');
  });

  it('deletes the archived documents of the customer, and reports how many', async () => {
    const world = createCliWorld();
    await world.addTenant();
    const content = { content: Buffer.from('x'), facts: { contentType: '', source: '' }, storedAt: 0 };
    for (let n = 0; n < 1_001; n += 1) world.documents.blobs.set(`${TENANT}/p/${n}/d`, content);
    world.documents.blobs.set(`${OTHER_TENANT}/p/1/d`, content);
    const argv = ['tenants', 'remove', TENANT, '--force', '--yes'];
    const { code, stdout, stderr } = await world.run(...argv);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '1000 documents deleted\n' });
    expect(stdout).toContain('with 0 watches and 1001 documents.');
    expect([...world.documents.blobs.keys()]).toEqual([`${OTHER_TENANT}/p/1/d`]);
    expect(await world.runJson(...argv)).toMatchObject({ code: 0, json: { heldJobs: 0, documents: 0 } });
  });

  it('reports progress with many watches', async () => {
    const world = createCliWorld();
    await world.addTenant();
    for (let n = 0; n < 21; n += 1) await putServed(world, { id: `p${n}`, subscriptionId: `s${n}` });
    const { stdout, stderr } = await world.run('tenants', 'remove', TENANT, '--force', '--yes');
    expect(stdout).toContain('with 21 watches');
    expect(stderr).toBe('20 watches removed\n');
  });

  it('lets subscriptions expire when the consent was withdrawn', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await putServed(world);
    world.graph.nextError('DELETE', graphError('forbidden'));
    const { code, stderr } = await world.run('tenants', 'remove', TENANT, '--force', '--yes');
    expect(code).toBe(0);
    expect(stderr).toContain('1 subscription could not be deleted');
    expect(await world.countWatches()).toBe(0);
  });

  it('keeps a watch whose subscription could not be deleted, and fails', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await putServed(world);
    world.graph.nextError('DELETE', graphError('unavailable'));
    const argv = ['tenants', 'remove', TENANT, '--force', '--yes'];
    const { code, stderr } = await world.run(...argv);
    expect(code).toBe(1);
    expect(stderr).toContain(`jobFetchable_${PRINTER} was not removed: Graph said unavailable`);
    expect((await world.run(...argv)).code).toBe(0);
    expect(await world.countWatches()).toBe(0);
  });

  it('fails when the tenant is not listed, or its row is deleted meanwhile', async () => {
    const world = createCliWorld();
    expect(await world.run('tenants', 'remove', TENANT, '--yes')).toMatchObject({ code: 1 });
    await world.addTenant();
    world.tenants.update = () => Promise.resolve(undefined);
    expect(await world.run('tenants', 'remove', TENANT, '--yes', '--force')).toMatchObject({ code: 1 });
  });

  it('a removed customer is added as a new one', async () => {
    const world = createCliWorld();
    await world.addTenant(TENANT, 'removed');
    world.clock.advance(5 * MINUTE);
    expect(await world.runJson('tenants', 'add', TENANT, '--name', 'Back')).toMatchObject({
      json: { added: true, status: 'active', name: 'Back', createdAt: LATER },
    });
    expect(await world.tenants.get(TENANT)).toMatchObject({ status: 'active', name: 'Back' });
  });
});
