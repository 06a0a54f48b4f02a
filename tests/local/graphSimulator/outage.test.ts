import { readFile } from 'node:fs/promises';
import { askAuthority } from './askAuthority';
import { tenantA } from './harness';
import { useSubscriptions } from './useSubscriptions';

const world = useSubscriptions();

describe('an outage of Graph (concepts/errors.md: 503 is retried after a delay)', () => {
  it('answers every call with 503 until it ends', async () => {
    const { control, graph } = world.harness();
    await control.startOutage({ retryAfterSeconds: 2 });
    const answer = await graph('GET', '/subscriptions');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect((await graph('POST', '/$batch', { requests: [] })).status).toBe(503);
    expect(await control.calls()).toMatchObject([{ fault: 'outage' }, { fault: 'outage' }]);
    await control.endOutage();
    expect((await graph('GET', '/subscriptions')).status).toBe(200);
  });

  it('cuts every connection, until it is ended', async () => {
    const { control, graph } = world.harness();
    await control.startOutage({ answer: 'reset' });
    await expect(graph('GET', '/subscriptions')).rejects.toThrow();
    await control.endOutage();
    expect((await graph('GET', '/subscriptions')).status).toBe(200);
  });

  it('includes the sign-in service with tokens: true', async () => {
    const { control, simulator } = world.harness();
    const place = { authorityUrl: simulator.authorityUrl, ca: await readFile(simulator.caFile, 'utf8') };
    const keys = () => askAuthority(place, 'GET', `/${tenantA}/discovery/v2.0/keys`);
    await control.startOutage();
    expect((await keys()).status).toBe(200);
    await control.startOutage({ tokens: true });
    expect((await keys()).status).toBe(503);
    await control.startOutage({ tokens: true, answer: 'reset' });
    await expect(keys()).rejects.toThrow();
  });

  // concepts/change-notifications-delivery-webhooks.md: late notifications arrive for up to 4 hours after an outage.
  it.each([
    ['late', 60, 1],
    ['late', 241, 0],
    ['lost', 60, 0],
  ] as const)('makes notifications %s (%d minutes): %d arrive', async (notifications, minutes, arriving) => {
    const { control } = world.harness();
    await world.watchTasks();
    await control.startOutage({ notifications });
    await world.printPaused();
    await world.forward(minutes);
    expect(await world.notifiedTasks()).toEqual([]);
    await control.endOutage();
    await control.state();
    expect(await world.notifiedTasks()).toHaveLength(arriving);
  });

  it('may leave notifications alone', async () => {
    await world.watchTasks();
    await world.harness().control.startOutage({ notifications: 'normal' });
    const task = await world.printPaused();
    expect(await world.notifiedTasks()).toEqual([task]);
  });

  it.each([{ answer: 'other' }, { notifications: 'other' }, { retryAfterSeconds: -1 }])('refuses %j', async (order) => {
    const { controlUrl, controlToken } = world.harness().simulator;
    const body = JSON.stringify(order);
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${controlToken}` };
    expect((await fetch(`${controlUrl}/outage`, { method: 'POST', headers, body })).status).toBe(400);
  });
});
