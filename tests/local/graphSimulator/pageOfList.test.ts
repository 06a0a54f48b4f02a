import { tenantA } from './harness';
import { useSubscriptions } from './useSubscriptions';

const world = useSubscriptions();

describe('every list pages with @odata.nextLink (concepts/paging.md)', () => {
  beforeEach(async () => {
    const { control } = world.harness();
    await control.setVariants({ pageSize: 2 });
    for (let n = 0; n < 3; n += 1) {
      await control.createPrinter(tenantA);
      await control.createDefinition(tenantA, { displayName: 'One more' });
      await control.print(tenantA, { printerId: world.scene().triggered });
    }
    await world.watchTasks();
    for (const { id } of (await control.state()).tenants[0]?.printers ?? []) await world.watchPrinter(id);
  });

  it.each([
    ['subscriptions', () => '/subscriptions', 6],
    ['task definitions', () => '/print/taskDefinitions', 4],
    ['tasks', () => `/print/taskDefinitions/${world.scene().definition}/tasks`, 3],
    ['jobs', () => `/print/printers/${world.scene().triggered}/jobs`, 3],
    ['jobs with tasks', () => `/print/printers/${world.scene().triggered}/jobs?$expand=tasks`, 3],
    ['printers', () => '/print/printers', 5],
  ])('%s', async (name, pathOf, count) => {
    const { graph, control, simulator } = world.harness();
    const token = name === 'printers' ? await control.mintUserToken({ tenantId: tenantA }) : `development.${tenantA}`;
    const seen = new Set<unknown>();
    const sizes: number[] = [];
    for (let path: string | undefined = pathOf(); path !== undefined;) {
      const { status, body } = await graph('GET', path, undefined, { token });
      expect(status).toBe(200);
      const page = body['value'] as { id: string; tasks?: unknown }[];
      for (const { id } of page) seen.add(id);
      if (name === 'jobs with tasks') expect(page[0]?.tasks).toHaveLength(1);
      sizes.push(page.length);
      const next = body['@odata.nextLink'] as string | undefined;
      path = next?.slice(`${simulator.graphUrl}/v1.0`.length);
    }
    expect(seen.size).toBe(count);
    expect(Math.max(...sizes)).toBe(2);
    expect(sizes).toHaveLength(Math.ceil(count / 2));
  });

  it('shows every entry once, also when others leave the list between two pages', async () => {
    const { graph, simulator, control } = world.harness();
    const subscriptions = await control.subscriptions();
    const first = await graph('GET', '/subscriptions');
    const shown = (first.body['value'] as { id: string }[]).map(({ id }) => id);
    for (const id of shown) await control.dropSubscription(id);
    const next = String(first.body['@odata.nextLink']).slice(`${simulator.graphUrl}/v1.0`.length);
    const second = (await graph('GET', next)).body['value'] as { id: string }[];
    expect(second.map(({ id }) => id)).toEqual(subscriptions.slice(2, 4).map(({ id }) => id));
  });
});
