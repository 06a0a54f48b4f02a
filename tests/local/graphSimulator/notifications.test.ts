import { decodeJwt } from 'jose';
import { fetchableFilter, tenantA, tenantB } from './harness';
import type { Harness, Receiver } from './harness';
import { useReceiver } from './useReceiver';

let harness: Harness;
let receiver: Receiver;
useReceiver((...started) => {
  [harness, receiver] = started;
});

const subscribe = async (tenantId: string, change: Record<string, unknown>) => {
  const answer = await harness.graph(
    'POST',
    '/subscriptions',
    {
      notificationUrl: receiver.url,
      lifecycleNotificationUrl: receiver.url,
      expirationDateTime: harness.inMinutes(4200),
      clientState: `state of ${tenantId}`,
      ...change,
    },
    { token: `development.${tenantId}` },
  );
  expect(answer.status).toBe(201);
  receiver.clear();
  return answer.body;
};
const watchTasks = (scene: { tenantId: string; definition: string }) =>
  subscribe(scene.tenantId, {
    changeType: 'created',
    resource: `print/taskDefinitions/${scene.definition}/tasks`,
  });
const watchPrinter = (scene: { tenantId: string }, printer: string, filter: string | null = fetchableFilter) =>
  subscribe(scene.tenantId, {
    changeType: 'updated',
    resource: `print/printers/${printer}/jobs`,
    notificationQueryOptions: filter,
  });

describe('JobStarted (microsoft/universalprint-samples, resources/changenotification.md)', () => {
  it('goes to the subscribers of the definition when a trigger fires', async () => {
    const scene = await harness.scene();
    const subscription = await watchTasks(scene);
    const [job] = await harness.control.print(tenantA, { printerId: scene.triggered });
    expect(await harness.control.idle()).toBe(true);
    const resource = `print/taskDefinitions/${scene.definition}/tasks/${job?.taskId ?? ''}`;
    expect(receiver.items()).toEqual([
      {
        id: expect.any(String) as unknown,
        subscriptionId: subscription['id'],
        subscriptionExpirationDateTime: subscription['expirationDateTime'],
        tenantId: tenantA,
        clientState: `state of ${tenantA}`,
        changeType: 'created',
        resource,
        resourceData: {
          '@odata.type': '#Microsoft.Graph.PrintTask',
          '@odata.id': resource,
          '@odata.etag': expect.any(String) as unknown,
          id: job?.taskId,
          parentUrl: `https://graph.microsoft.com/v1.0/print/printers/${scene.triggered}/jobs/${job?.jobId ?? ''}`,
        },
      },
    ]);
    expect(receiver.received[0]?.headers['content-length']).toMatch(/^\d+$/);
  });

  it('has other forms of the resource and no parentUrl, by variant', async () => {
    const scene = await harness.scene();
    await watchTasks(scene);
    await harness.control.setVariants({ resourceForm: 'keyForm', parentUrlInNotification: false });
    const [job] = await harness.control.print(tenantA, { printerId: scene.triggered });
    await harness.control.idle();
    expect(receiver.items()[0]).toMatchObject({
      resource: `print/taskDefinitions('${scene.definition}')/tasks('${job?.taskId ?? ''}')`,
    });
    expect(receiver.items()[0]?.['resourceData']).not.toHaveProperty('parentUrl');
    receiver.clear();
    await harness.control.setVariants({ resourceForm: 'leadingSlash' });
    await harness.control.print(tenantA, { printerId: scene.triggered });
    await harness.control.idle();
    expect(String(receiver.items()[0]?.['resource'])).toMatch(/^\/print\/taskDefinitions\//);
  });
});

describe('JobFetchable (azure-docs event-grid/cloud-printing-events.md)', () => {
  it('goes to the subscribers of the printer when the job can be fetched', async () => {
    const scene = await harness.scene();
    await watchPrinter(scene, scene.plain);
    const [job] = await harness.control.print(tenantA, { printerId: scene.plain });
    await harness.control.idle();
    const resource = `print/printers/${scene.plain}/jobs/${job?.jobId ?? ''}`;
    expect(receiver.items()).toMatchObject([
      {
        tenantId: tenantA,
        changeType: 'updated',
        resource,
        resourceData: { id: job?.jobId, '@odata.id': resource, '@odata.type': '#microsoft.graph.todoTask' },
      },
    ]);
  });

  it('waits until the task of the trigger is completed', async () => {
    const scene = await harness.scene();
    await watchPrinter(scene, scene.triggered);
    const [job] = await harness.control.print(tenantA, { printerId: scene.triggered });
    await harness.control.idle();
    expect(receiver.items()).toEqual([]);
    const task = `/print/taskDefinitions/${scene.definition}/tasks/${job?.taskId ?? ''}`;
    await harness.graph('PATCH', task, { status: { state: 'completed', description: '' } });
    await harness.control.idle();
    expect(receiver.items()).toHaveLength(1);
  });

  it('is sent without any call once the time of transforming is over', async () => {
    const scene = await harness.scene();
    await watchPrinter(scene, scene.plain);
    await harness.control.print(tenantA, { printerId: scene.plain, transformMs: 3_600_000 });
    harness.clock.aheadMs = 3_600_000;
    for (let tries = 0; tries < 100 && receiver.items().length === 0; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(receiver.items()).toHaveLength(1);
  });

  it('needs the filter isFetchable eq true (api/subscription-post-subscriptions.md)', async () => {
    const scene = await harness.scene();
    await watchPrinter(scene, scene.plain, null);
    await harness.control.print(tenantA, { printerId: scene.plain });
    await harness.control.idle();
    expect(receiver.items()).toEqual([]);
  });
});

describe('a POST', () => {
  it('mixes tenants that share a URL (concepts/change-notifications-delivery-webhooks.md)', async () => {
    const a = await harness.scene(tenantA);
    const b = await harness.scene(tenantB);
    await watchTasks(a);
    await watchTasks(b);
    await harness.control.setDelivery({ batchWindowMs: 200 });
    await harness.control.print(tenantA, { printerId: a.triggered });
    await harness.control.print(tenantB, { printerId: b.triggered });
    await harness.control.idle();
    expect(receiver.received).toHaveLength(1);
    expect(receiver.items().map(({ tenantId }) => tenantId)).toEqual([tenantA, tenantB]);
  });

  it('is repeated until a 2xx arrives, and duplicates keep their content', async () => {
    const scene = await harness.scene();
    await watchTasks(scene);
    await harness.control.setDelivery({ retryScale: 0.01, duplicateEach: true });
    let failures = 2;
    receiver.behaviour.status = () => (failures-- > 0 ? 503 : 202);
    await harness.control.print(tenantA, { printerId: scene.triggered });
    expect(await harness.control.idle()).toBe(true);
    expect(receiver.received).toHaveLength(4);
    expect(new Set(receiver.received.map(({ text }) => text)).size).toBe(1);
    const outcomes = (await harness.control.deliveries()).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(2);
  });

  it('is counted as failed when no answer arrives within 3 seconds', async () => {
    const scene = await harness.scene();
    await watchTasks(scene);
    await harness.control.setDelivery({ retryScale: 0.01 });
    let silent = 1;
    receiver.behaviour.status = () => (silent-- > 0 ? undefined : 202);
    await harness.control.print(tenantA, { printerId: scene.triggered });
    await harness.control.idle();
    const attempts = await harness.control.deliveries();
    expect(attempts.map(({ status, error }) => [status, error])).toEqual([
      [null, 'timeout'],
      [202, undefined],
    ]);
  });

  it('can be sent again by hand for one job', async () => {
    const scene = await harness.scene();
    await watchTasks(scene);
    const jobs = await harness.control.print(tenantA, { printerId: scene.triggered, count: 2 });
    await harness.control.idle();
    const jobId = jobs[1]?.jobId ?? '';
    expect(await harness.control.redeliver({ match: { jobId } })).toEqual({ items: 1 });
    await harness.control.idle();
    expect(receiver.bodies().map(({ value }) => value.length)).toEqual([2, 1]);
  });
});

describe('lifecycle items (concepts/change-notifications-lifecycle-events.md)', () => {
  it('have no resource and no changeType', async () => {
    const scene = await harness.scene();
    const subscription = await watchTasks(scene);
    await harness.control.sendLifecycle({
      subscriptionId: String(subscription['id']),
      lifecycleEvent: 'reauthorizationRequired',
    });
    await harness.control.idle();
    expect(receiver.items()).toEqual([
      {
        subscriptionId: subscription['id'],
        subscriptionExpirationDateTime: subscription['expirationDateTime'],
        tenantId: tenantA,
        clientState: `state of ${tenantA}`,
        lifecycleEvent: 'reauthorizationRequired',
      },
    ]);
  });

  it('cannot be sent to a subscription that has no URL for them or does not exist', async () => {
    const scene = await harness.scene();
    const subscription = await subscribe(tenantA, {
      changeType: 'created',
      resource: `print/taskDefinitions/${scene.definition}/tasks`,
      lifecycleNotificationUrl: null,
    });
    await expect(
      harness.control.sendLifecycle({ subscriptionId: String(subscription['id']), lifecycleEvent: 'missed' }),
    ).rejects.toThrow('404');
    await expect(harness.control.sendLifecycle({ subscriptionId: 'none', lifecycleEvent: 'missed' })).rejects.toThrow(
      '404',
    );
  });
});

describe('validationTokens (concepts/change-notifications-with-resource-data.md)', () => {
  it('are absent by default, and one for each app and tenant when switched on', async () => {
    const a = await harness.scene(tenantA);
    const b = await harness.scene(tenantB);
    await watchTasks(a);
    await watchTasks(b);
    await harness.control.setDelivery({ batchWindowMs: 200 });
    const printBoth = async () => {
      receiver.clear();
      await harness.control.print(tenantA, { printerId: a.triggered, count: 2 });
      await harness.control.print(tenantB, { printerId: b.triggered });
      await harness.control.idle();
      return receiver.bodies()[0]?.validationTokens;
    };
    expect(await printBoth()).toBeUndefined();
    await harness.control.setVariants({ validationTokens: 'v1' });
    const tokens = await printBoth();
    expect(tokens?.map((token) => decodeJwt(token))).toMatchObject([
      {
        aud: harness.simulator.appId,
        iss: `https://sts.windows.net/${tenantA}/`,
        appid: '0bf30f3b-4a52-48df-9a82-234910c4a086',
      },
      { iss: `https://sts.windows.net/${tenantB}/` },
    ]);
    await harness.control.setVariants({ validationTokens: 'v2' });
    expect((await printBoth())?.map((token) => decodeJwt(token))).toMatchObject([
      {
        iss: `https://login.microsoftonline.com/${tenantA}/v2.0`,
        azp: '0bf30f3b-4a52-48df-9a82-234910c4a086',
      },
      {},
    ]);
  });
});
