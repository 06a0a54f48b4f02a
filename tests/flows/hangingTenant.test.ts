import { eventually } from '../support/eventually';
import { startFlow, type Customer, type Flow } from '../support/startFlow';

const HANGING_JOBS = 40;
const HANGING_TENANTS = 4;
const ROUNDS = 3;
/** Of one call (decision 11: retries in place). */
const MOST_TRIES = 4;
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

  /**
   * More than the host's newBatchThreshold if each took its six places. The app knows of each that a call got no answer
   * (connections that are reset, which takes seconds where time-outs take 45); from then on their calls hang.
   */
  it('leaves an instance working for others even beside three more of its kind', async () => {
    const hanging: Customer[] = [];
    for (let n = 0; n < HANGING_TENANTS; n += 1) hanging.push(await flow.onboard(['jobStarted']));
    const other = await flow.onboard(['jobStarted']);
    const hangs: (string | undefined)[] = [];
    for (const { tenantId } of hanging) {
      await flow.control.addFault({ tenantId, count: MOST_TRIES, action: { type: 'reset' } });
      const rule = await flow.control.addFault({
        tenantId,
        count: -1,
        action: { type: 'hang', ms: 600_000 },
      });
      hangs.push(rule.id);
    }
    const print = ({ tenantId, printerId }: Customer, count: number) =>
      flow.control.print(tenantId, { printerId, count });
    await Promise.all(hanging.map((customer) => print(customer, 1)));
    await eventually('each has a call without an answer', () => {
      const postponed = new Set(flow.logged('job.dependencyUnavailable').map(({ tenantId }) => tenantId));
      return hanging.every(({ tenantId }) => postponed.has(tenantId)) ? true : undefined;
    });

    await Promise.all(hanging.map((customer) => print(customer, HANGING_JOBS / HANGING_TENANTS)));
    await eventually('each has a call that hangs', async () => {
      const rules = (await flow.control.faults()).filter(({ id }) => hangs.includes(id));
      return rules.every(({ acted }) => acted) ? true : undefined;
    });
    await flow.control.idle();

    for (let round = 1; round <= ROUNDS; round += 1) {
      await print(other, 1);
      await eventually(
        `round ${round} of the other tenant`,
        async () => {
          const own = (await flow.events()).filter(({ id }) => id.startsWith(other.tenantId));
          return own.length === round ? true : undefined;
        },
        LIMIT_MS,
      );
    }
    const ids = (await flow.events()).map(({ id }) => id);
    expect(hanging.filter(({ tenantId }) => ids.some((id) => id.startsWith(tenantId)))).toEqual([]);
    await flow.control.clearFaults();
  }, 120_000);
});
