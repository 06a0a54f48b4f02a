import { createHash, createHmac } from 'node:crypto';
import {
  createSubscription,
  deleteSubscription,
  listSubscriptions,
  parseRenewal,
  renewalPart,
} from '../../../../shared/graph/api/subscriptions';
import { sendSingly } from '../../../../shared/graph/batch';
import { callOf, newSubscription } from '../../../../shared/subscriptions/plan';
import type { Watch } from '../../../../shared/watches/watches';
import { graphError } from '../../../support/createFakeGraph';
import {
  createSubscriptionWorld,
  DEFINITION,
  fetchable,
  PRINTER,
  START,
  started,
  CLIENT_ID,
  TENANT,
  watchOf,
} from '../../../support/createSubscriptionWorld';
import { testKey } from '../../../support/testKey';

const NOW = Date.parse(START);
/** 4,200 minutes, which are 70 hours, after START: under the maximum of 4,230 (concepts/change-notifications-overview.md). */
const EXPIRY = '2026-11-24T22:00:00.000Z';

const startedWatch = watchOf({ ...started(), generation: 3 });
const fetchableWatch = watchOf(fetchable());
const permission = 'PrintTaskDefinition.ReadWrite.All';

function create({ graph, deps }: ReturnType<typeof createSubscriptionWorld>, watch: Watch) {
  return createSubscription(graph.callGraph, callOf(watch), newSubscription(deps.config, watch, NOW));
}

/** docs/decisions/0002: keyId.generation.tag.mac. */
function clientStateOf(kind: string, id: string, generation: number): string {
  const tag = createHash('sha256').update(`${kind}:${id}`).digest('base64url').slice(0, 22);
  const mac = createHmac('sha256', testKey(7)).update(`k1.${generation}.${TENANT}.${CLIENT_ID}.${tag}`);
  return `k1.${generation}.${tag}.${mac.digest('base64url')}`;
}

describe('createSubscription (api/subscription-post-subscriptions.md)', () => {
  it('asks for JobStarted of a definition (concepts/universal-print-webhook-notifications.md)', async () => {
    const world = createSubscriptionWorld();
    const { graph } = world;
    const granted = await create(world, startedWatch);
    expect(granted).toEqual({ subscriptionId: 'subscription-1', expirationDateTime: EXPIRY });
    expect(graph.calls).toEqual([
      {
        tenantId: TENANT,
        method: 'POST',
        path: '/subscriptions',
        permission: 'PrintTaskDefinition.ReadWrite.All',
        tryTimeoutMs: 25_000,
        body: {
          changeType: 'created',
          resource: `print/taskDefinitions/${DEFINITION}/tasks`,
          notificationUrl: 'https://receiver.example/api/notifications',
          lifecycleNotificationUrl: 'https://receiver.example/api/lifecycle',
          expirationDateTime: EXPIRY,
          clientState: clientStateOf('jobStarted', DEFINITION, 3),
        },
      },
    ]);
  });

  it('asks for JobFetchable of a printer, with the query option that print needs', async () => {
    const world = createSubscriptionWorld();
    const { graph } = world;
    await create(world, fetchableWatch);
    expect(graph.calls[0]?.permission).toBe('Printer.Read.All');
    expect(graph.calls[0]?.body).toEqual({
      changeType: 'updated',
      resource: `print/printers/${PRINTER}/jobs`,
      notificationUrl: 'https://receiver.example/api/notifications',
      lifecycleNotificationUrl: 'https://receiver.example/api/lifecycle',
      notificationQueryOptions: '$filter = isFetchable eq true',
      expirationDateTime: EXPIRY,
      clientState: clientStateOf('jobFetchable', PRINTER, 0),
    });
  });

  it('reads the expiry back: Graph may grant another one (resources/subscription.md)', async () => {
    const world = createSubscriptionWorld();
    const { graph } = world;
    graph.next('POST', () => ({ id: 's', expirationDateTime: '2026-11-22T00:45:00.0000000Z' }));
    const granted = await create(world, startedWatch);
    expect(granted.expirationDateTime).toBe('2026-11-22T00:45:00.000Z');
  });

  it.each([
    [undefined],
    [null],
    ['text'],
    [{}],
    [{ id: 's' }],
    [{ id: '', expirationDateTime: EXPIRY }],
    [{ id: 7, expirationDateTime: EXPIRY }],
    [{ id: 's', expirationDateTime: 'soon' }],
    [{ id: 's', expirationDateTime: 5 }],
  ])('rejects an answer that it cannot read: %j', async (body) => {
    const world = createSubscriptionWorld();
    const { graph } = world;
    graph.next('POST', () => body);
    await expect(create(world, startedWatch)).rejects.toMatchObject({
      code: 'graphAnswerUnreadable',
    });
  });
});

describe('renewalPart and parseRenewal (api/subscription-update.md)', () => {
  const KNOWN = { subscriptionId: 'a/b', expirationDateTime: '2026-11-22T12:00:00.000Z' };

  it.each([undefined, null])('an answer without a body (%p) has taken effect, and the known expiry stays', (body) => {
    expect(parseRenewal({ answer: { status: 204, body } }, KNOWN)).toEqual(KNOWN);
  });

  it('an answer about another subscription renews nothing', () => {
    const other = { status: 200, body: { id: 'c', expirationDateTime: EXPIRY } };
    expect(() => parseRenewal({ answer: other }, KNOWN)).toThrow(
      expect.objectContaining({ code: 'graphAnswerUnreadable' }) as Error,
    );
    const own = { status: 200, body: { id: 'A/B', expirationDateTime: EXPIRY } };
    expect(parseRenewal({ answer: own }, KNOWN)).toMatchObject({ subscriptionId: 'a/b', expirationDateTime: EXPIRY });
  });

  it('extends by PATCH with the expiry alone, so that no URL is validated again', async () => {
    const { graph } = createSubscriptionWorld();
    graph.next('PATCH', () => ({ expirationDateTime: EXPIRY }));
    const part = renewalPart({ subscriptionId: 'a/b', permission }, EXPIRY);
    const granted = parseRenewal(await sendSingly(graph.callGraph, TENANT, part), KNOWN);
    expect(granted).toEqual({ subscriptionId: 'a/b', expirationDateTime: EXPIRY });
    expect(graph.calls).toEqual([
      {
        tenantId: TENANT,
        method: 'PATCH',
        path: '/subscriptions/a%2Fb',
        body: { expirationDateTime: EXPIRY },
        permission: 'PrintTaskDefinition.ReadWrite.All',
      },
    ]);
  });
});

describe('deleteSubscription (api/subscription-delete.md)', () => {
  it('counts a missing subscription as deleted', async () => {
    const { graph } = createSubscriptionWorld();
    await deleteSubscription(graph.callGraph, TENANT, { subscriptionId: 'gone', permission });
    expect(graph.said()).toEqual(['DELETE /subscriptions/gone']);
  });

  it('rejects for every other error', async () => {
    const { graph } = createSubscriptionWorld();
    graph.nextError('DELETE', graphError('forbidden'));
    await expect(
      deleteSubscription(graph.callGraph, TENANT, { subscriptionId: 's', permission }),
    ).rejects.toMatchObject({
      code: 'graphForbidden',
    });
  });
});

describe('listSubscriptions (api/subscription-list.md)', () => {
  it('skips items of another form', async () => {
    const world = createSubscriptionWorld();
    const { graph } = world;
    const listed = { id: 's', resource: 'r', changeType: 'updated', notificationUrl: 'u' };
    graph.next('GET', () => ({
      value: [
        null,
        7,
        { ...listed, id: 1 },
        { ...listed, id: 'a', resource: null },
        { ...listed, id: 'b', changeType: 1 },
        { ...listed, id: 'c', notificationUrl: 1 },
        { ...listed, clientState: null },
      ],
    }));
    const found: unknown[] = [];
    const paging = { ...world.deps.config, callGraph: graph.callGraph };
    for await (const one of listSubscriptions(paging, callOf(fetchableWatch))) found.push(one);
    expect(found).toEqual([listed]);
    expect(graph.calls[0]).toMatchObject({
      method: 'GET',
      path: '/subscriptions',
      permission: 'Printer.Read.All',
    });
  });
});
