import { useSubscriptions } from './useSubscriptions';

const world = useSubscriptions();
const renew = (id: string) =>
  world.harness().graph('PATCH', `/subscriptions/${id}`, { expirationDateTime: world.harness().inMinutes(4200) });

describe('reauthorizationRequired (concepts/change-notifications-lifecycle-events.md)', () => {
  it('is not sent by default', async () => {
    await world.watchTasks();
    await world.forward(4_100);
    expect(await world.events()).toEqual([]);
  });

  it('is sent before the token of the subscription expires, once, and again after a renewal', async () => {
    await world.harness().control.setVariants({ subscriptionTokenMinutes: 60 });
    const id = await world.watchTasks();
    await world.forward(40);
    expect(await world.events()).toEqual([]);
    await world.forward(6);
    await world.forward(20);
    expect(await world.events()).toEqual(['reauthorizationRequired']);
    expect((await renew(id)).status).toBe(200);
    await world.forward(46);
    expect(await world.events()).toHaveLength(2);
  });

  it('is sent before the subscription expires', async () => {
    await world.harness().control.setVariants({ expiryNoticeMinutes: 120 });
    await world.watchTasks();
    await world.forward(4_070);
    expect(await world.events()).toEqual([]);
    await world.forward(20);
    expect(await world.events()).toEqual(['reauthorizationRequired']);
  });

  it('is repeated until the subscription is renewed, every few minutes', async () => {
    const { control } = world.harness();
    await control.setVariants({ subscriptionTokenMinutes: 60, lifecycleRepeatMinutes: 5 });
    await world.watchTasks();
    for (let step = 0; step < 3; step += 1) await world.forward(step === 0 ? 46 : 5);
    expect(await world.events()).toHaveLength(3);
  });
});

describe('notifications while the token has expired (concepts/change-notifications-delivery-webhooks.md)', () => {
  beforeEach(() => world.harness().control.setVariants({ subscriptionTokenMinutes: 60, holdWithoutToken: true }));

  it.each([
    ['a renewal', renew],
    ['reauthorize', (id: string) => world.harness().graph('POST', `/subscriptions/${id}/reauthorize`)],
  ])('wait until %s', async (_name, authorize) => {
    const id = await world.watchTasks();
    await world.forward(61);
    const task = await world.printPaused();
    expect(await world.notifiedTasks()).toEqual([]);
    await authorize(id);
    await world.harness().control.state();
    expect(await world.notifiedTasks()).toEqual([task]);
  });

  it('are lost after 4 hours', async () => {
    const id = await world.watchTasks();
    await world.forward(61);
    await world.printPaused();
    await world.forward(240);
    await renew(id);
    expect(await world.notifiedTasks()).toEqual([]);
    const outcomes = (await world.harness().control.deliveries()).map(({ outcome }) => outcome);
    expect(outcomes).toContain('lost');
  });
});
