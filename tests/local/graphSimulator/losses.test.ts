import { tenantA, tenantB } from './harness';
import { useSubscriptions } from './useSubscriptions';

const world = useSubscriptions();

describe('silent loss of subscriptions', () => {
  it('takes a share of them by the seed, silently (print gets no subscriptionRemoved: concepts/change-notifications-lifecycle-events.md)', async () => {
    const { control } = world.harness();
    for (let printer = 0; printer < 40; printer += 1)
      await world.watchPrinter((await control.createPrinter(tenantA)).id);
    const lost = await control.loseSubscriptions({ rate: 0.5 });
    expect(lost.length).toBeGreaterThan(8);
    expect(lost.length).toBeLessThan(32);
    const left = await control.subscriptions({ tenantId: tenantA });
    expect(left).toHaveLength(40 - lost.length);
    expect(await world.events()).toEqual([]);
    const { status } = await world.harness().graph('PATCH', `/subscriptions/${lost[0]?.id ?? ''}`, {
      expirationDateTime: world.harness().inMinutes(100),
    });
    expect(status).toBe(404);
  });

  it('can be announced, and limited to a tenant', async () => {
    const { control } = world.harness();
    await world.watchTasks(await world.harness().scene(tenantB));
    const mine = await world.watchTasks();
    const lost = await control.loseSubscriptions({ rate: 1, tenantId: tenantA, announce: true });
    expect(lost.map(({ id }) => id)).toEqual([mine]);
    expect(await world.events()).toEqual(['subscriptionRemoved']);
    expect(await control.subscriptions()).toMatchObject([{ tenantId: tenantB }]);
  });

  it('happens at a rate per hour of Date', async () => {
    const { control } = world.harness();
    await world.watchTasks();
    await control.setVariants({ subscriptionLossPerHour: 1 });
    await world.forward(59);
    expect(await control.subscriptions()).toHaveLength(1);
    await world.forward(2);
    expect(await control.subscriptions()).toEqual([]);
  });

  it('needs a rate from 0 to 1', async () => {
    await expect(world.harness().control.loseSubscriptions({ rate: 2 })).rejects.toThrow('rate');
  });
});
