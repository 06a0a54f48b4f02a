import { createCliWorld } from '../support/createCliWorld';
import { graphError } from '../support/createFakeGraph';
import {
  DEFINITION,
  fetchable,
  MINUTE,
  OTHER_TENANT,
  PRINTER,
  PUBLIC_BASE_URL,
  putServed,
  START,
  started,
  TENANT,
} from '../support/createSubscriptionWorld';

const RESOURCE = `print/printers/${PRINTER}/jobs`;
const OURS = `${PUBLIC_BASE_URL}/notifications`;
const FORMER = 'https://former.example/api';

/** What a lost region leaves: the customer is listed again, its watches are gone, and Graph has their subscriptions. */
async function createLostWorld() {
  const world = createCliWorld();
  await world.addTenant();
  const atGraph = (id: string, resource: string, { notificationUrl = OURS, changeType = 'updated' } = {}) =>
    world.graph.put({ id, tenantId: TENANT, resource, changeType, notificationUrl });
  const importAll = (...argv: string[]) => world.runJson('subscriptions', 'import', ...argv);
  return { ...world, atGraph, importAll };
}

describe('subscriptions import', () => {
  it('rebuilds a watch for each subscription at Graph, and replaces it by one whose clientState is ours', async () => {
    const world = await createLostWorld();
    world.atGraph('old-1', RESOURCE);
    // Graph may answer with a leading slash and in another case.
    world.atGraph('old-2', `/print/taskdefinitions/${DEFINITION}/tasks`, { changeType: 'created' });
    const { code, json } = await world.importAll();
    expect({ code, json }).toMatchObject({
      code: 0,
      json: {
        subscriptions: [
          { tenantId: TENANT, subscriptionId: 'old-1', resource: RESOURCE, result: 'imported' },
          { tenantId: TENANT, subscriptionId: 'old-2', result: 'imported' },
        ],
        failures: [],
        reconciled: { counts: { replaced: 2, failed: 0 } },
      },
    });
    expect([...world.graph.subscriptions.keys()]).toEqual(['subscription-1', 'subscription-2']);
    for (const key of [fetchable(), started()]) {
      expect((await world.read(key)).watch).toMatchObject({
        wanted: true,
        status: 'active',
        keyId: 'k1',
        notificationUrl: OURS,
        subscriptionId: expect.stringMatching(/^subscription-/) as unknown,
      });
    }
  });

  it('changes nothing when it is repeated', async () => {
    const world = await createLostWorld();
    world.atGraph('old-1', RESOURCE);
    await world.importAll();
    const { watch } = await world.read();
    expect((await world.importAll()).json).toMatchObject({
      subscriptions: [{ subscriptionId: watch.subscriptionId, result: 'known' }],
      reconciled: { counts: { nothing: 1, replaced: 0 } },
    });
    expect((await world.read()).watch.subscriptionId).toBe(watch.subscriptionId);
  });

  it('counts the jobs of the last day, or since the time that is given, with a generation that is new', async () => {
    const world = await createLostWorld();
    world.atGraph('old-1', RESOURCE);
    await world.importAll();
    const { watch } = await world.read();
    expect(watch.since).toBe('2026-11-21T00:00:00.000Z');
    // 325 days after 2026-01-01: no clientState of before has this number or a higher one.
    expect(watch.generation).toBe((Date.parse(START) - Date.UTC(2026, 0, 1)) / 1_000);
    const other = await createLostWorld();
    other.atGraph('old-1', RESOURCE);
    await other.importAll('--since', '2026-11-20T09:00Z');
    expect((await other.read()).watch.since).toBe('2026-11-20T09:00:00.000Z');
  });

  it('imports subscriptions of the former address where it is named, and leaves others to their deployment', async () => {
    const world = await createLostWorld();
    world.atGraph('old-1', RESOURCE, { notificationUrl: `${FORMER}/notifications` });
    const shown = await world.run('subscriptions', 'import');
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/otherUrl: former\.example\n/);
    expect(shown.stdout).toContain('1 subscription of 1 customer at Graph, 0 imported.');
    expect(shown.stderr).toContain('--former-url <PUBLIC_BASE_URL>');
    expect([...world.graph.subscriptions.keys()]).toEqual(['old-1']);
    const { json } = await world.importAll('--former-url', FORMER);
    expect(json).toMatchObject({ subscriptions: [{ result: 'imported' }], reconciled: { counts: { replaced: 1 } } });
    expect([...world.graph.subscriptions.values()]).toMatchObject([{ notificationUrl: OURS }]);
  });

  it('gives a watch whose create was refused with 409 the subscription that was in its way', async () => {
    const world = await createLostWorld();
    world.atGraph('old-1', RESOURCE, { notificationUrl: `${FORMER}/notifications` });
    const added = await world.run('subscriptions', 'add', '--tenant', TENANT, '--printer', PRINTER);
    expect(added.code).toBe(1);
    expect((await world.read()).watch).toMatchObject({ status: 'createFailed' });
    expect(await world.importAll('--former-url', FORMER)).toMatchObject({
      code: 0,
      json: { subscriptions: [{ result: 'imported' }], reconciled: { counts: { replaced: 1 } } },
    });
    expect((await world.read()).watch).toMatchObject({ status: 'active', since: START });
  });

  it('leaves what is none of our events, what an operator has removed, and a second subscription of a watch', async () => {
    const world = await createLostWorld();
    await putServed(world);
    await world.run('subscriptions', 'remove', '--tenant', TENANT, '--printer', PRINTER, '--yes');
    await putServed(world, { kind: 'jobStarted', id: DEFINITION, subscriptionId: 'current', changeType: 'created' });
    world.graph.subscriptions.clear();
    world.atGraph('old-1', RESOURCE);
    world.atGraph('old-2', `print/taskDefinitions/${DEFINITION}/tasks`, { changeType: 'created' });
    world.atGraph('old-3', `print/printers/${PRINTER}/jobs`, { changeType: 'deleted' });
    world.atGraph('old-4', 'users/x/messages');
    const { json } = await world.importAll();
    expect((json as { subscriptions: { result: string }[] }).subscriptions.map(({ result }) => result)).toEqual([
      ...['removed', 'superseded', 'otherResource', 'otherResource'],
    ]);
    expect(world.graph.said().filter((call) => call.startsWith('DELETE /subscriptions/old'))).toEqual([]);
  });

  it('names a customer whose listing fails, continues with the others and ends with 1', async () => {
    const world = await createLostWorld();
    await world.addTenant(OTHER_TENANT);
    world.atGraph('old-1', RESOURCE);
    world.graph.nextError('GET', graphError('forbidden'));
    const { code, json, stderr } = await world.importAll();
    expect({ code, json }).toMatchObject({ code: 1, json: { failures: [{ error: expect.any(String) as unknown }] } });
    expect(stderr).toContain('Graph said forbidden');
  });

  it('is finished by the app when it ends between the row and the replacement', async () => {
    const world = await createLostWorld();
    world.atGraph('old-1', RESOURCE);
    world.graph.nextError('DELETE', graphError('unavailable'));
    expect((await world.importAll()).code).toBe(1);
    expect((await world.read()).watch).toMatchObject({ subscriptionId: 'old-1', status: 'updateFailed' });
    world.clock.advance(10 * MINUTE);
    expect((await world.run('subscriptions', 'reconcile')).stdout).toMatch(/replaced +1\n/);
    expect([...world.graph.subscriptions.keys()]).toEqual(['subscription-1']);
  });

  it('needs a customer on the allow-list, and an address as PUBLIC_BASE_URL has it', async () => {
    const world = await createLostWorld();
    const unknown = await world.run('subscriptions', 'import', '--tenant', OTHER_TENANT);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain(`tenants add ${OTHER_TENANT} --name <text>`);
    expect((await world.run('subscriptions', 'import', '--former-url', 'former')).code).toBe(2);
  });
});
