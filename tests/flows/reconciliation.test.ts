import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { runCliCommand } from '../../local/processes';
import { ROOT, startFlow, type Customer, type Flow } from '../support/startFlow';

const HOUR = 60 * 60_000;
const JOBS = 5;
const PRINT_EVERY_MS = 100;

/** Replacing and removing subscriptions through the built app, with jobs printed meanwhile. */
describe('subscriptions that are replaced through the built app', () => {
  let flow: Flow;
  let customer: Customer;
  let printed = 0;
  const oldKey = () => flow.cloud.settings['CLIENT_STATE_KEYS'] ?? '';
  const newKey = `rotated:${randomBytes(32).toString('base64')}`;
  const newUrl = () => (flow.cloud.settings['PUBLIC_BASE_URL'] ?? '').replace('127.0.0.1', 'localhost');

  beforeAll(async () => {
    flow = await startFlow({ clock: true });
    customer = await flow.onboard(['jobStarted', 'jobFetchable']);
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const renew = () => flow.runNow('renewSubscriptions');
  const print = async () => {
    await flow.control.print(customer.tenantId, { printerId: customer.printerId });
    printed += 1;
  };
  /** A run, and jobs printed while it is at work. */
  const renewUnderLoad = () =>
    flow.runNow('renewSubscriptions', async () => {
      for (let n = 0; n < JOBS; n += 1) await print();
    });
  /** Every job printed so far has both of its events. */
  const untilNothingIsLost = async () => {
    await flow.runNow('sweepJobs');
    const events = await flow.untilEvents(2 * printed, 30_000);
    expect(new Set(events.map(({ id }) => id)).size).toBe(2 * printed);
  };
  const subscriptions = async () => (await flow.control.state()).subscriptions;
  const watches = async () => {
    const rows: { keyId?: string | undefined; notificationUrl?: string | undefined }[] = [];
    for await (const { watch } of (await flow.services.watches()).list(customer.tenantId)) rows.push(watch);
    return rows;
  };

  it('rotates the key in two steps: first it verifies, then it signs', async () => {
    const [oldId] = oldKey().split(':');
    const before = (await subscriptions()).map(({ id }) => id);
    await flow.cloud.restartHost(0, { CLIENT_STATE_KEYS: `${oldKey()},${newKey}` });
    flow.cloud.clock?.move(HOUR);
    await renewUnderLoad();
    expect((await watches()).map(({ keyId }) => keyId)).toEqual([oldId, oldId]);
    expect((await subscriptions()).map(({ id }) => id)).toEqual(before);

    await flow.cloud.restartHost(0, { CLIENT_STATE_KEYS: `${newKey},${oldKey()}` });
    flow.cloud.clock?.move(HOUR);
    await renewUnderLoad();
    expect((await watches()).map(({ keyId }) => keyId)).toEqual(['rotated', 'rotated']);
    expect(await subscriptions()).toHaveLength(2);

    await flow.cloud.restartHost(0, { CLIENT_STATE_KEYS: newKey });
    await renewUnderLoad();
    await untilNothingIsLost();
  }, 120_000);

  it('moves to a changed PUBLIC_BASE_URL at once', async () => {
    await flow.cloud.restartHost(0, { CLIENT_STATE_KEYS: newKey, PUBLIC_BASE_URL: newUrl() });
    await renewUnderLoad();
    const now = await subscriptions();
    expect(now.map(({ notificationUrl }) => notificationUrl)).toEqual([
      `${newUrl()}/notifications`,
      `${newUrl()}/notifications`,
    ]);
    expect((await watches()).map(({ notificationUrl }) => notificationUrl)).toEqual([
      `${newUrl()}/notifications`,
      `${newUrl()}/notifications`,
    ]);
    await untilNothingIsLost();
  }, 60_000);

  it('flags a customer who took the consent back, leaves it alone, and goes on once it is given again', async () => {
    const tenant = async () => (await flow.services.tenants()).get(customer.tenantId);
    const asked = async () =>
      (await flow.control.calls()).filter(({ path }) => /subscriptions|batch/.test(path)).length;
    await flow.control.setConsent(customer.tenantId, { granted: false });
    flow.cloud.clock?.move(HOUR);
    await renew();
    expect((await tenant())?.lastError).toMatch(/consent/);
    await flow.control.clearCalls();
    await renew();
    expect(await asked()).toBe(0);
    await flow.control.setConsent(customer.tenantId, { granted: true });
    flow.cloud.clock?.move(HOUR);
    await renew();
    expect(await tenant()).not.toHaveProperty('lastError');
    expect(await subscriptions()).toHaveLength(2);
    await untilNothingIsLost();
  }, 60_000);

  it('revokes by CLI, then removes the watches', async () => {
    const environment = {
      ...flow.cloud.environment,
      CLIENT_STATE_KEYS: newKey,
      PUBLIC_BASE_URL: newUrl(),
    };
    const verb = (name: string, ...of: string[]) =>
      runCliCommand(ROOT, environment, [
        'subscriptions',
        name,
        '--tenant',
        customer.tenantId,
        ...of,
        '--yes',
        '--json',
      ]);
    const both = [
      ['--printer', customer.printerId],
      ['--definition', customer.definitionId],
    ] as const;
    for (const of of both) {
      const before = new Set((await subscriptions()).map(({ id }) => id));
      // A process of its own begins in its own time: jobs before, in and after the moment without a subscription.
      let isAtWork = true;
      const revoked = verb('revoke', ...of).finally(() => (isAtWork = false));
      while (isAtWork) {
        await print();
        await delay(PRINT_EVERY_MS);
      }
      await revoked;
      const after = await subscriptions();
      expect(after).toHaveLength(2);
      expect(after.filter(({ id }) => !before.has(id))).toHaveLength(1);
      await flow.untilQuiet();
    }
    await untilNothingIsLost();
    for (const of of both) await verb('remove', ...of);
    expect(await subscriptions()).toEqual([]);
    expect(await watches()).toEqual([]);
  }, 120_000);
});
