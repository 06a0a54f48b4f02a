import { reconcileAll } from '../../../shared/subscriptions/reconcileAll';
import {
  createSubscriptionWorld,
  MINUTE,
  PRINTER,
  PUBLIC_BASE_URL,
  putServed,
  started,
  TENANT,
} from '../../support/createSubscriptionWorld';
import { answerNext, httpAnswer, readCase, type CaseAnswer } from '../../support/readCase';

const HOUR = 60 * MINUTE;

async function createWorld() {
  const world = createSubscriptionWorld();
  await world.addTenant();
  return world;
}

describe('a renewal that Graph answers with an ExtensionError (02)', () => {
  const { row, answerToPatch, alsoStatuses } = readCase<{
    row: { subscriptionId: string };
    answerToPatch: { status: number; body: { error: CaseAnswer['error'] } };
    alsoStatuses: number[];
  }>('02-patch-expired-extensionerror.json');
  const { error } = answerToPatch.body;
  const { subscriptionId } = row;

  it.each([answerToPatch.status, ...alsoStatuses])('of status %i creates a new subscription', async (status) => {
    const world = await createWorld();
    await putServed(world, { subscriptionId });
    world.graph.subscriptions.clear();
    world.clock.advance(HOUR);
    answerNext(world.graph, 'PATCH', httpAnswer({ status, error }));
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ created: 1, failed: 0 });
    expect((await world.read()).watch).toMatchObject({ status: 'active', subscriptionId: 'subscription-1' });
  });

  it('creates a new one without a PATCH when its row expired four hours ago', async () => {
    const world = await createWorld();
    await putServed(world, { subscriptionId, expirationDateTime: '2026-11-22T00:00:00.000Z' });
    world.graph.subscriptions.clear();
    world.clock.advance(4 * HOUR);
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ created: 1 });
    expect(world.graph.said()).toEqual(['POST /subscriptions']);
  });
});

describe('a renewal that Graph refuses with an ExtensionError that names no status', () => {
  const error = { code: 'ExtensionError', message: 'Operation: Update; Exception: [Status Code: Forbidden]' };
  const later = '2026-11-22T00:30:00.000Z';

  it.each([400, 401, 403])('of status %i creates a new one when another watch is renewed beside it', async (status) => {
    const world = await createWorld();
    await putServed(world, { subscriptionId: 'lost' });
    await putServed(world, { id: 'other', subscriptionId: 'served' });
    world.graph.subscriptions.delete('lost');
    world.clock.advance(HOUR);
    answerNext(world.graph, 'PATCH', httpAnswer({ status, error }));
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ created: 1, renewed: 1, failed: 0 });
    expect((await world.read()).watch).toMatchObject({ status: 'active', subscriptionId: 'subscription-1' });
  });

  it('creates a new one when another watch was renewed since this one was due', async () => {
    const world = await createWorld();
    await putServed(world, { subscriptionId: 'lost' });
    world.graph.subscriptions.delete('lost');
    world.clock.advance(HOUR);
    answerNext(world.graph, 'PATCH', httpAnswer({ status: 400, error }));
    await putServed(world, { id: 'other', subscriptionId: 'served', renewedAt: later });
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ failed: 1 });
    world.clock.advance(35 * MINUTE);
    answerNext(world.graph, 'PATCH', httpAnswer({ status: 400, error }));
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ created: 1, renewed: 1 });
  });

  it('keeps the subscription while no other watch shows that the customer is served', async () => {
    const world = await createWorld();
    await putServed(world, { subscriptionId: 'kept' });
    await putServed(world, { id: 'other', subscriptionId: 'fresh', renewedAt: later });
    world.clock.advance(HOUR);
    answerNext(world.graph, 'PATCH', httpAnswer({ status: 400, error }));
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ failed: 1, created: 0 });
    expect((await world.read()).watch.subscriptionId).toBe('kept');
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/kept']);
  });

  it('is recreated where Graph lists it and cannot renew it', async () => {
    const world = await createWorld();
    await putServed(world, { subscriptionId: 'listed' });
    await putServed(world, { id: 'other', subscriptionId: 'served' });
    world.clock.advance(HOUR);
    answerNext(world.graph, 'PATCH', httpAnswer({ status: 403, error }));
    const { callGraph } = world.deps;
    world.deps.callGraph = (call) => {
      if (call.method === 'PATCH') answerNext(world.graph, 'PATCH', httpAnswer({ status: 403, error }));
      return callGraph(call);
    };
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ created: 1, renewed: 1 });
    expect([...world.graph.subscriptions.keys()].sort()).toEqual(['served', 'subscription-1']);
  });
});

describe('a create that Graph refuses with an inner conflict (30)', () => {
  const { answerToPost } = readCase<{ answerToPost: CaseAnswer }>('30-create-inner-conflict.json');

  it('lists, deletes its own orphan, and creates', async () => {
    const world = await createWorld();
    await world.put();
    const resource = `print/printers/${PRINTER}/jobs`;
    const notificationUrl = `${PUBLIC_BASE_URL}/notifications`;
    world.graph.put({ id: 'orphan', tenantId: TENANT, resource, changeType: 'updated', notificationUrl });
    answerNext(world.graph, 'POST', httpAnswer(answerToPost));
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ created: 1 });
    expect(world.graph.said()).toEqual([
      'POST /subscriptions',
      'GET /subscriptions',
      'DELETE /subscriptions/orphan',
      'POST /subscriptions',
    ]);
  });
});

describe('a create that Graph refuses for a reason (13)', () => {
  const [quota, unreachable] = readCase<[CaseAnswer, CaseAnswer]>('13-create-refusal-words.json');
  const ids = { 'request-id': 'request-1', 'client-request-id': 'correlation-1' };

  it.each([
    [quota, 'quota', /maximum number of subscriptions has been reached.*Remove watches/],
    [unreachable, 'urlTimedOut', /no answer from PUBLIC_BASE_URL in time.*Check that the app runs and is reachable/],
  ])('%j keeps it with its remedy and its ids', async (answer, refusal, words) => {
    const world = await createWorld();
    await world.put(started());
    answerNext(world.graph, 'POST', httpAnswer(answer, ids));
    await reconcileAll(world.deps);
    const { lastError } = (await world.read(started())).watch;
    expect(lastError).toMatch(words);
    expect(lastError).toContain('request id request-1, correlation id correlation-1');
    expect(lastError).not.toContain('Grant the app');
    expect(world.logger.events).toContainEqual(
      expect.objectContaining({
        event: 'subscription.failed',
        refusal,
        refusalCode: answer.error.code,
        requestId: 'request-1',
        correlationId: 'correlation-1',
      }),
    );
  });
});
