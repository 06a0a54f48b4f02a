import { reconcileWatch } from '../../../shared/subscriptions/reconcileWatch';
import { graphError } from '../../support/createFakeGraph';
import {
  createSubscriptionWorld,
  OTHER_TENANT,
  PRINTER,
  PUBLIC_BASE_URL,
  putServed,
  TENANT,
} from '../../support/createSubscriptionWorld';

const OURS = `${PUBLIC_BASE_URL}/notifications`;
const taken = {
  id: 'taken',
  tenantId: TENANT,
  resource: `print/printers/${PRINTER}/jobs`,
  changeType: 'updated',
  notificationUrl: OURS,
};

/** docs/decisions/0008 and api/subscription-post-subscriptions.md: 409 = this app has such a subscription already. */
describe('a create that Graph answers with 409', () => {
  it('deletes a subscription with our URL and recreates it: its clientState cannot be known', async () => {
    const world = createSubscriptionWorld();
    world.graph.put(taken);
    expect(await reconcileWatch(world.deps, await world.put())).toMatchObject({ outcome: 'created' });
    expect(world.graph.said()).toEqual([
      'POST /subscriptions',
      'GET /subscriptions',
      'DELETE /subscriptions/taken',
      'POST /subscriptions',
    ]);
    expect((await world.read()).watch.subscriptionId).toBe('subscription-1');
  });

  it('recognizes the resource with a leading slash and in another case', async () => {
    const world = createSubscriptionWorld();
    world.graph.put({ ...taken, resource: `/print/PRINTERS/${PRINTER}/jobs` });
    world.graph.nextError('POST', graphError('conflict'));
    expect(await reconcileWatch(world.deps, await world.put())).toMatchObject({ outcome: 'created' });
    expect([...world.graph.subscriptions.keys()]).toEqual(['subscription-1']);
  });

  it('keeps every other subscription of the app', async () => {
    const world = createSubscriptionWorld();
    world.graph.put(taken);
    world.graph.put({ ...taken, id: 'of another tenant', tenantId: OTHER_TENANT });
    world.graph.put({ ...taken, id: 'of another event', changeType: 'created' });
    world.graph.put({ ...taken, id: 'of another printer', resource: 'print/printers/other/jobs' });
    await reconcileWatch(world.deps, await world.put());
    expect([...world.graph.subscriptions.keys()].sort()).toEqual([
      'of another event',
      'of another printer',
      'of another tenant',
      'subscription-1',
    ]);
  });

  it.each([
    ['https://other.example/api/notifications?code=secret', 'other.example'],
    ['no url', 'another address'],
  ])('keeps a subscription of another deployment and reports it: %s', async (notificationUrl, words) => {
    const world = createSubscriptionWorld();
    world.graph.put({ ...taken, notificationUrl });
    expect(await reconcileWatch(world.deps, await world.put())).toMatchObject({ outcome: 'failed' });
    expect([...world.graph.subscriptions.keys()]).toEqual(['taken']);
    const { lastError } = (await world.read()).watch;
    expect(lastError).toContain(words);
    expect(lastError).toContain('one Entra app per deployment');
    expect(lastError).not.toContain('secret');
  });

  it('adopts the one on our row by PATCH, with the key that signed it', async () => {
    const world = createSubscriptionWorld();
    const stored = await putServed(world);
    // Graph lost sight of it for a moment, and then finds it in the way.
    world.graph.nextError('PATCH', graphError('notFound'));
    expect(await reconcileWatch(world.deps, stored, { asked: true })).toMatchObject({ outcome: 'renewed' });
    expect(world.graph.said()).toEqual([
      'PATCH /subscriptions/subscription-0',
      'POST /subscriptions',
      'GET /subscriptions',
      'PATCH /subscriptions/subscription-0',
    ]);
    expect((await world.read()).watch).toMatchObject({ subscriptionId: 'subscription-0', keyId: 'k1' });
  });

  it('recreates the one on our row when Graph lists it and answers 404 to its PATCH', async () => {
    const world = createSubscriptionWorld();
    const stored = await putServed(world);
    world.graph.nextError('PATCH', graphError('notFound'));
    world.graph.nextError('PATCH', graphError('notFound'));
    expect(await reconcileWatch(world.deps, stored, { asked: true })).toMatchObject({ outcome: 'created' });
    expect(world.graph.said().slice(-2)).toEqual(['DELETE /subscriptions/subscription-0', 'POST /subscriptions']);
    expect((await world.read()).watch).toMatchObject({ subscriptionId: 'subscription-1', keyId: 'k1' });
  });

  it('recreates a subscription that a dead run left with the previous URL', async () => {
    const world = createSubscriptionWorld();
    const notificationUrl = 'https://old.example/api/notifications';
    world.graph.put({ ...taken, notificationUrl });
    expect(await reconcileWatch(world.deps, await world.put({ notificationUrl }))).toMatchObject({
      outcome: 'created',
    });
    expect([...world.graph.subscriptions.keys()]).toEqual(['subscription-1']);
  });

  it('recreates the subscription on our row when it has a previous URL', async () => {
    const world = createSubscriptionWorld();
    const stored = await putServed(world);
    world.graph.put({
      ...taken,
      id: 'subscription-0',
      notificationUrl: 'https://old.example/api/notifications',
    });
    world.graph.nextError('PATCH', graphError('notFound'));
    expect(await reconcileWatch(world.deps, stored, { asked: true })).toMatchObject({ outcome: 'created' });
    expect([...world.graph.subscriptions.keys()]).toEqual(['subscription-1']);
  });

  it('fails when Graph lists nothing, and when it returns 409 again', async () => {
    const world = createSubscriptionWorld();
    world.graph.nextError('POST', graphError('conflict'));
    await reconcileWatch(world.deps, await world.put());
    expect((await world.read()).watch.lastError).toContain('lists no such subscription');

    const again = createSubscriptionWorld();
    again.graph.put(taken);
    again.graph.nextError('POST', graphError('conflict'));
    again.graph.nextError('POST', graphError('conflict'));
    expect(await reconcileWatch(again.deps, await again.put())).toMatchObject({ outcome: 'failed' });
  });
});
