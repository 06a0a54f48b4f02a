import { startHarness, tenantA } from './harness';
import type { Harness } from './harness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.simulator.close());
beforeEach(() => harness.control.reset());

describe('the control API', () => {
  it('keeps given ids, lower-cased, and shows everything in the state', async () => {
    const { control } = harness;
    await control.createTenant({ tenantId: tenantA.toUpperCase(), name: 'A', roles: ['Printer.Read.All'] });
    expect(await control.createPrinter(tenantA, { id: 'P-1', displayName: 'One' })).toEqual({ id: 'p-1' });
    await control.createPrinter(tenantA, { id: 'p-1', displayName: 'Renamed' });
    const definition = { id: 'D-1', displayName: 'Def', appId: 'app' };
    expect(await control.createDefinition(tenantA, definition)).toEqual({ id: 'd-1' });
    const trigger = await control.createTrigger(tenantA, { printerId: 'p-1', definitionId: 'd-1' });
    const [job] = await control.print(tenantA, { printerId: 'p-1' });
    expect(await control.state()).toMatchObject({
      appId: harness.simulator.appId,
      tenants: [
        {
          tenantId: tenantA,
          name: 'A',
          roles: ['Printer.Read.All'],
          printers: [{ id: 'p-1', displayName: 'Renamed', trigger: { id: trigger.id, definitionId: 'd-1' } }],
          definitions: [{ id: 'd-1', displayName: 'Def', appId: 'app' }],
          jobs: [
            {
              jobId: job?.jobId,
              printerId: 'p-1',
              state: 'paused',
              tasks: [{ id: job?.taskId, state: 'processing' }],
            },
          ],
        },
      ],
      subscriptions: [],
    });
    await control.createTenant({ tenantId: tenantA });
    expect((await control.state()).tenants[0]).toMatchObject({ name: 'A', roles: ['Printer.Read.All'] });
  });

  it('gives a printer one trigger (api/printer-post-tasktriggers.md)', async () => {
    const { control } = harness;
    const { triggered, definition } = await harness.scene();
    await expect(control.createTrigger(tenantA, { printerId: triggered, definitionId: definition })).rejects.toThrow(
      '409',
    );
  });

  it('says what does not exist or is wrong', async () => {
    const { control } = harness;
    const { plain, definition } = await harness.scene();
    await expect(control.createPrinter('none')).rejects.toThrow('The tenant does not exist.');
    await expect(control.print(tenantA, { printerId: 'none' })).rejects.toThrow('The printer does not exist.');
    await expect(control.createTrigger(tenantA, { printerId: 'none', definitionId: definition })).rejects.toThrow(
      '404',
    );
    await expect(control.createTrigger(tenantA, { printerId: plain, definitionId: 'none' })).rejects.toThrow('404');
    await expect(control.actOnJob(tenantA, plain, '1', 'acquire')).rejects.toThrow('404');
    await expect(control.print(tenantA, { printerId: plain, count: 0 })).rejects.toThrow('count');
    const raw = (method: string, where: string, body?: string) =>
      fetch(`${harness.simulator.controlUrl}${where}`, {
        method,
        headers: { authorization: `Bearer ${harness.simulator.controlToken}` },
        ...(body === undefined ? {} : { body }),
      });
    expect((await raw('POST', '/tenants', '{')).status).toBe(400);
    expect((await raw('POST', '/tenants', '[]')).status).toBe(400);
    expect((await raw('POST', '/tenants', '{"tenantId":1}')).status).toBe(400);
    expect((await raw('POST', '/tenants', '{"tenantId":"t","roles":[1]}')).status).toBe(400);
    expect((await raw('GET', '/nothing')).status).toBe(404);
    await control.print(tenantA, { printerId: plain });
    expect((await raw('POST', `/tenants/${tenantA}/printers/${plain}/jobs/5182/paint`)).status).toBe(404);
  });

  it('changes options of delivery and variants by name and type, and a reset undoes it', async () => {
    const { control } = harness;
    await control.setDelivery({ delayMs: 60_000 });
    await control.setVariants({ pageSize: 1 });
    await expect(control.setDelivery(JSON.parse('{"other":1}') as object)).rejects.toThrow('Unrecognized key');
    await expect(control.setDelivery(JSON.parse('{"delayMs":"3"}') as object)).rejects.toThrow('delayMs');
    await expect(control.setVariants(JSON.parse('{"pageSize":"3"}') as object)).rejects.toThrow('pageSize');
    await control.createTenant({ tenantId: tenantA });
    await control.reset();
    expect((await control.state()).tenants).toEqual([]);
    await harness.scene();
    await control.createDefinition(tenantA);
    expect((await harness.graph('GET', '/print/taskDefinitions')).body['value']).toHaveLength(2);
  });
});
