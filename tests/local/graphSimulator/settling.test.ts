import { tenantA } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const { graph, values } = printing;

/** Objects that were made a moment ago, with the variant: refused for so long after they were made, and listed at once. */
describe('a new object', () => {
  const SETTLES_MS = 120_000;
  const administrator = () => printing.harness().control.mintUserToken({ tenantId: tenantA });
  const bind = (definition: unknown) => ({
    event: 'jobStarted',
    'definition@odata.bind': `https://graph.microsoft.com/v1.0/print/taskDefinitions/${String(definition)}`,
  });

  it.each([
    ['notFound', 404],
    ['forbidden', 403],
  ] as const)('answers %s until it has settled', async (newObjectAnswer, status) => {
    const { clock, control } = printing.harness();
    // The printers of the scene have settled.
    clock.aheadMs = SETTLES_MS;
    const token = await administrator();
    await control.setVariants({ newObjectSettlesMs: SETTLES_MS, newObjectAnswer });
    const triggers = `/printers/${printing.scene().plain}/taskTriggers`;
    const definition = await graph('POST', '/taskDefinitions', { displayName: 'New' });
    const id = String(definition.body['id']);
    expect(values(await graph('GET', '/taskDefinitions')).map((one) => one['id'])).toContain(id);
    expect((await graph('GET', `/taskDefinitions/${id}`)).status).toBe(status);
    expect((await graph('POST', triggers, bind(id), token)).status).toBe(status);
    const { id: printer } = await control.createPrinter(tenantA);
    expect((await graph('GET', `/printers/${printer}/taskTriggers`, undefined, token)).status).toBe(status);
    const subscription = await printing.harness().graph('POST', '/subscriptions', {
      changeType: 'created',
      resource: `print/taskDefinitions/${id}/tasks`,
      notificationUrl: 'https://receiver.example/api',
      expirationDateTime: printing.harness().inMinutes(100),
    });
    expect(subscription.status).toBe(status);

    clock.aheadMs += SETTLES_MS;
    expect((await graph('GET', `/taskDefinitions/${id}`)).status).toBe(200);
    const trigger = await graph('POST', triggers, bind(id), token);
    expect(trigger.status).toBe(201);
    const one = `${triggers}/${String(trigger.body['id'])}`;
    expect((await graph('DELETE', one, undefined, token)).status).toBe(status);
    expect(values(await graph('GET', triggers, undefined, token))).toHaveLength(1);
    clock.aheadMs += SETTLES_MS;
    expect((await graph('DELETE', one, undefined, token)).status).toBe(204);
  });
});
