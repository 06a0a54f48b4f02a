import { eventually } from '../support/eventually';
import { startFlow, type Flow } from '../support/startFlow';

const HANGING_JOBS = 40;
const ROUNDS = 3;
/** A bound on a test that fails. One call that hangs is given up after 10 s, and its retries after 45 s. */
const LIMIT_MS = 20_000;

/** Graph answers nothing for one tenant: calls end only by their time-outs, and each holds a place of the instance. */
describe('a tenant whose Graph hangs', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow();
  }, 60_000);
  afterAll(() => flow.stop(), 90_000);

  it('does not keep the jobs of another tenant waiting', async () => {
    const hanging = await flow.onboard(['jobStarted']);
    const other = await flow.onboard(['jobStarted']);
    const { id } = await flow.control.addFault({
      tenantId: hanging.tenantId,
      count: -1,
      action: { type: 'hang', ms: 600_000 },
    });
    const fault = async () => (await flow.control.faults()).find((rule) => rule.id === id);
    await flow.control.print(hanging.tenantId, { printerId: hanging.printerId, count: HANGING_JOBS });
    await eventually('a call that hangs', async () => ((await fault())?.acted ? true : undefined));
    // All of its messages are stored.
    await flow.control.idle();

    for (let round = 1; round <= ROUNDS; round += 1) {
      await flow.control.print(other.tenantId, { printerId: other.printerId });
      const events = await flow.untilEvents(round, LIMIT_MS);
      expect(events.map((event) => event.id.split('/')[0])).toEqual(
        Array.from({ length: round }, () => other.tenantId),
      );
    }
    // It hung all the while: none of its jobs has an event.
    expect((await fault())?.acted).toBeGreaterThan(0);
    await flow.control.clearFaults();
  }, 120_000);
});
