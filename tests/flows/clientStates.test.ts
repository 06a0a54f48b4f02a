import { revokeWatch } from '../../shared/subscriptions/manage';
import { eventually } from '../support/eventually';
import { bodyOf, CLIENT_ID, fetchableItem, stateFor } from '../support/notifications';
import { post } from '../support/post';
import { startFlow, type Customer, type Flow } from '../support/startFlow';

const TWO_MINUTES_MS = 120_000;

/** What the webhook knows about clientStates without reading the watches: it reads one row, a minute after the last time. */
describe('the record of clientStates at the webhook', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ clock: true, proxy: true });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  /** CLIENT_STATE_KEYS is `keyId:base64`. */
  const key = () => {
    const [keyId = '', secret = ''] = (flow.cloud.settings['CLIENT_STATE_KEYS'] ?? '').split(':');
    return { keyId, key: Buffer.from(secret, 'base64') };
  };
  const madeUp = (keyId: string) =>
    post(flow.notificationsUrl, bodyOf(fetchableItem({ clientState: stateFor({ keyId }) })));
  const lastLine = (count: number) => eventually('the log line', () => flow.logged('notifications.received')[count]);
  const leaked = async ({ tenantId, printerId }: Customer) => {
    const watches = await flow.services.watches();
    const stored = await watches.get({ tenantId, kind: 'jobFetchable', id: printerId });
    const generation = stored?.watch.generation ?? 0;
    return stateFor({ kind: 'jobFetchable', id: printerId, tenantId, generation, clientId: CLIENT_ID, ...key() });
  };

  it('is read after the first answer: 503 for a made-up key before, 202 after', async () => {
    await flow.onboard(['jobFetchable'], { trigger: false });
    expect((await madeUp('made-up')).status).toBe(503);
    await eventually('an answer with the record', async () =>
      (await madeUp('made-up')).status === 202 ? true : undefined,
    );
    expect((await madeUp('made-up')).status).toBe(202);
    expect(flow.logged('notifications.received').at(-1)).toMatchObject({ 'refused.unknownKey': 1 });
  });

  it('shuts a revoked clientState out within two minutes, and reads one row', async () => {
    const customer = await flow.onboard(['jobFetchable'], { trigger: false });
    const { tenantId, printerId } = customer;
    const clientState = await leaked(customer);
    const resource = `print/printers/${printerId}/jobs/4711`;
    const useIt = () => post(flow.notificationsUrl, bodyOf(fetchableItem({ tenantId, clientState, resource })));
    await useIt();
    const { config, ...deps } = await flow.services.subscriptions();
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const events = await flow.services.queue('subscription-events');
    await revokeWatch(
      { ...deps, config, events, clock: flow.clock, logger },
      { tenantId, kind: 'jobFetchable', id: printerId },
    );

    flow.cloud.clock?.move(TWO_MINUTES_MS + 1_000);
    const mark = flow.cloud.proxy?.mark() ?? 0;
    const count = flow.logged('notifications.received').length;
    expect((await useIt()).status).toBe(202);
    expect(await lastLine(count)).toMatchObject({ accepted: 0, 'refused.revoked': 1 });
    const reads = (flow.cloud.proxy?.calls({ since: mark }) ?? []).filter(({ path }) => path.includes('clientStates'));
    expect(reads).toHaveLength(1);
    // Its new subscription works.
    await flow.control.print(tenantId, { printerId });
    await flow.untilEvents(1);
  }, 60_000);

  it('stays open while tables are down: genuine notifications are stored', async () => {
    const customer = await flow.onboard(['jobFetchable'], { trigger: false });
    const { tenantId, printerId } = customer;
    flow.cloud.clock?.move(TWO_MINUTES_MS + 1_000);
    const fault = flow.cloud.proxy?.fault({
      match: ({ path }) => path.includes('clientStates'),
      when: 'before',
      action: 'hold',
      count: Infinity,
    });
    const clientState = await leaked(customer);
    const resource = `print/printers/${printerId}/jobs/4712`;
    const count = flow.logged('notifications.received').length;
    const answer = await post(flow.notificationsUrl, bodyOf(fetchableItem({ tenantId, clientState, resource })));
    expect(answer.status).toBe(202);
    expect(await lastLine(count)).toMatchObject({ accepted: 1, recordAgeS: expect.any(Number) as number });
    fault?.cancel();
  }, 60_000);
});
