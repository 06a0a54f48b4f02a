import { createVirtualPrinter } from '../../../../shared/graph/api/createPrinter';
import { createFakeClock } from '../../../support/createFakeClock';
import { createFakeGraph, graphError } from '../../../support/createFakeGraph';

// The values of the examples in api/printer-create.md and api/printoperation-get.md.
const LOCATION = 'https://graph.microsoft.com/v1.0/print/operations/f221760a-52e8-4c11-b8c5-5dfaef3a49db';
const PRINTER_ID = 'e56f9cdd-acec-486f-a05e-b622ff0bcc7d';
const SUCCEEDED = {
  '@odata.type': '#microsoft.graph.printerCreateOperation',
  certificate: '{certificate}',
  status: { state: 'succeeded', description: 'The operation has completed successfully.' },
  printer: { id: PRINTER_ID.toUpperCase(), displayName: 'Test Printer' },
};
const printer = {
  tenantId: '11111111-1111-1111-1111-111111111111',
  displayName: 'Test Printer',
  manufacturer: 'Test Printer Manufacturer',
  model: 'Test Printer Model',
  certificateSigningRequest: { content: '{content}', transportKey: '{sampleTransportKey}' },
};

function createWorld() {
  const graph = createFakeGraph();
  const clock = createFakeClock();
  const start = clock.now();
  const create = () => createVirtualPrinter({ callGraph: graph.callGraph, clock }, printer);
  return { ...graph, create, waitedMs: () => clock.now() - start };
}

describe('a virtual printer (api/printer-create.md)', () => {
  it('is registered without a device, and has its id once the operation has succeeded', async () => {
    const world = createWorld();
    world.nextAccepted(LOCATION);
    for (const state of ['notStarted', 'running', 'aStateOfTomorrow']) world.next('GET', () => ({ status: { state } }));
    world.next('GET', () => SUCCEEDED);
    expect(await world.create()).toBe(PRINTER_ID);
    const { tenantId: _tenantId, ...asked } = printer;
    expect(world.calls[0]).toMatchObject({
      method: 'POST',
      path: '/print/printers/create',
      body: { ...asked, physicalDeviceId: null, hasPhysicalDevice: false, connectorId: null },
    });
    expect(world.said().slice(1)).toEqual(
      Array.from({ length: 4 }, () => 'GET /print/operations/f221760a-52e8-4c11-b8c5-5dfaef3a49db'),
    );
    // The example asks to wait 5 s.
    expect(world.waitedMs()).toBe(20_000);
  });

  it('rejects when the operation fails, or has not ended within five minutes', async () => {
    const world = createWorld();
    world.nextAccepted(LOCATION);
    world.next('GET', () => ({ status: { state: 'failed', description: 'Text of Graph' } }));
    await expect(world.create()).rejects.toMatchObject({ code: 'printerNotCreated', retryable: false });
    world.nextAccepted(LOCATION);
    const before = world.waitedMs();
    for (let poll = 0; poll < 60; poll += 1) world.next('GET', () => ({ status: { state: 'running' } }));
    await expect(world.create()).rejects.toMatchObject({ code: 'printerNotCreated' });
    expect(world.waitedMs() - before).toBe(300_000);
  });

  it.each([
    ['no address of an operation', 'https://graph.microsoft.com/v1.0/print/printers'],
    ['an address whose id is a path', 'https://graph.microsoft.com/v1.0/print/operations/..'],
  ])('rejects an answer with %s', async (_name, location) => {
    const world = createWorld();
    world.nextAccepted(location);
    await expect(world.create()).rejects.toMatchObject({ code: 'graphAnswerUnreadable' });
    expect(world.said()).toEqual(['POST /print/printers/create']);
  });

  it.each([
    ['no state', 'text'],
    ['no printer', { status: { state: 'succeeded' } }],
  ])('rejects an operation with %s', async (_name, body) => {
    const world = createWorld();
    world.nextAccepted(LOCATION);
    world.next('GET', () => body);
    await expect(world.create()).rejects.toMatchObject({ code: 'graphAnswerUnreadable' });
  });

  it('rejects as the calls do', async () => {
    const world = createWorld();
    world.nextError('POST', graphError('forbidden'));
    await expect(world.create()).rejects.toMatchObject({ code: 'graphForbidden' });
  });
});
