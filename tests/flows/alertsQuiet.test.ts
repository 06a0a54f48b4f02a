import { rulesBlobOf } from '../../shared/rules/storedRules';
import { startAlertFlow, type AlertFlow } from '../support/alertFlow';
import { eventsOf, onboardUnder } from '../support/flowRules';
import type { Customer } from '../support/startFlow';

const MINUTE = 60_000;
/** The renewal of a subscription is due after an hour, and this is the first run after it. */
const STEPS = 14;
const HOLD = { hold: { for: '10m', else: 'release' } };
const STEP_MS = 5 * MINUTE;

/** Releases, holds, archives, sweeps, renewals and measurements of several customers, on a clock that is moved. */
describe('an hour of ordinary traffic', () => {
  let flow: AlertFlow;
  beforeAll(async () => {
    flow = await startAlertFlow();
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const archiving = async (): Promise<Customer> => {
    const customer = await flow.onboard(['jobFetchable'], { trigger: false });
    const rules = [{ name: 'keep all', on: 'jobFetchable', then: { archive: {} } }];
    const blobs = await flow.services.configBlobs();
    await blobs.write(rulesBlobOf(customer.tenantId), JSON.stringify({ version: 1, rules }));
    return customer;
  };

  it('fires no alert, at any time', async () => {
    const customers = {
      releasing: await flow.onboard(['jobStarted']),
      holding: await onboardUnder(flow, HOLD),
      archiving: await archiving(),
      both: await flow.onboard(['jobStarted', 'jobFetchable']),
    };
    const fired: string[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      for (const { tenantId, printerId } of Object.values(customers)) {
        await flow.control.print(tenantId, { printerId });
      }
      await flow.runNow(step % 2 === 0 ? ['recoverJobs', 'renewSubscriptions', 'sweepJobs'] : 'recoverJobs');
      // What the backend of the vendor does all the time.
      await flow.events();
      await flow.measure();
      fired.push(...flow.firing());
      await flow.moveClock(STEP_MS);
    }
    expect(fired).toEqual([]);
    // The traffic was there: each kind of event, and a renewal.
    const outcomes = async (customer: Customer) =>
      new Set((await eventsOf(flow, customer)).map(({ data }) => data['outcome']));
    expect(await outcomes(customers.releasing)).toEqual(new Set(['released']));
    // docs/events.md: the end of a hold.
    expect(await outcomes(customers.holding)).toEqual(new Set(['held', 'deadline']));
    expect(await outcomes(customers.archiving)).toEqual(new Set(['archived']));
    expect(await outcomes(customers.both)).toEqual(new Set(['released', 'fetchable']));
    const metrics = (flow.cloud.telemetry?.rows('AppMetrics') ?? []).map(({ Name }) => Name);
    expect(metrics).toEqual(
      expect.arrayContaining(['upr.subscriptions.outcomes', 'upr.held.age', 'upr.archive.bytes']),
    );
  }, 240_000);
});
