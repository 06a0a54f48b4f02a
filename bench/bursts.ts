import { withBurstBed, type BurstBed } from './burstBed';
import { exact, medianRatio, takePairs, type Measured, type Part } from './figures';

const TENANTS = 3;
const JOBS = 600;
const JOBS_OF_ONE = 1_000;
const PAIRS = 3;
/** Chance decides how many calls fail four times in a row. */
const PAIRS_WITH_FAULTS = 8;
/** What the webhook stores within its three seconds on a small machine. */
const PORTION = 20;
/** One job of each customer comes first: it loads the app, and shows that the customer is healthy. */
const WARM_UP = 1;

/** Prints the jobs in portions, as fast as the webhook takes them. Milliseconds until all events have been sent. */
async function drain(bed: BurstBed, jobs: number): Promise<number> {
  const { customers, control } = bed;
  await bed.print(WARM_UP);
  await bed.untilEvents(WARM_UP * customers.length, performance.now());
  const startedAt = performance.now();
  const ofEach = Math.ceil(PORTION / customers.length);
  for (let printed = 0; printed < jobs; printed += ofEach * customers.length) {
    await bed.print(Math.min(ofEach, (jobs - printed) / customers.length));
    await control.idle();
  }
  return bed.untilEvents(WARM_UP * customers.length + jobs, startedAt);
}

/** Bursts through the host against the same app without limits on what a tenant uses. */
export const bursts: Part = {
  title: 'bursts, Graph answers after 300 ms',
  figures: {
    burst_time: { what: '600 jobs of 3 customers against the same app without limits', unit: 'ratio', bar: 1.15 },
    burst_one_tenant: { what: '1,000 jobs of one customer, the same', unit: 'ratio', bar: 1.15 },
    burst_deferrals: { what: 'deferrals for each job of these bursts', unit: 'ratio', bar: 0.3 },
  },
  async measure({ root, isWanted }) {
    let [jobs, deferrals] = [0, 0];
    const timed = async (customers: number, count: number) => {
      const run = (limits: boolean) => () =>
        withBurstBed(root, { customers, ...(limits ? {} : { app: 'noLimits' }) }, async (bed) => {
          const tookMs = await drain(bed, count);
          if (limits) {
            jobs += count;
            deferrals += bed.countLogged('job.deferred');
          }
          return tookMs;
        });
      return medianRatio(await takePairs(PAIRS, run(true), run(false), 0));
    };
    const measured: Record<string, Measured> = {};
    if (isWanted('burst_time') || isWanted('burst_deferrals')) measured['burst_time'] = await timed(TENANTS, JOBS);
    if (isWanted('burst_one_tenant')) measured['burst_one_tenant'] = await timed(1, JOBS_OF_ONE);
    return { ...measured, burst_deferrals: exact(jobs === 0 ? 0 : deferrals / jobs) };
  },
};

const FAULT_RATE = 0.05;
const RETRY_AFTER_S = 1;

/** 5 % each of the ordinary faults on every call. The first rule that acts decides. */
async function addFaults(bed: BurstBed): Promise<void> {
  const rule = { pathPattern: '/print/', count: -1, rate: FAULT_RATE };
  const status = (code: number, more: object = {}) => ({ type: 'status' as const, status: code, ...more });
  for (const action of [
    status(429, { retryAfterSeconds: RETRY_AFTER_S }),
    status(503),
    status(504),
    { type: 'reset' as const },
  ]) {
    await bed.control.addFault({ ...rule, action });
  }
}

/**
 * How long Graph asked the customer that it throttled most to pause, in milliseconds. Two answers that ask for the same second
 * ask for one second.
 */
async function pausesAsked(bed: BurstBed): Promise<number> {
  const pauses = new Map<string, { ms: number; endsAt: number }>();
  const throttled = (await bed.control.calls()).flatMap(({ tenantId = '', answeredAt, retryAfterMs }) =>
    answeredAt === undefined || retryAfterMs === undefined ? [] : [{ tenantId, from: answeredAt, retryAfterMs }],
  );
  for (const { tenantId, from, retryAfterMs } of throttled.sort((a, b) => a.from - b.from)) {
    const { ms, endsAt } = pauses.get(tenantId) ?? { ms: 0, endsAt: 0 };
    const until = Math.max(endsAt, from + retryAfterMs);
    pauses.set(tenantId, { ms: ms + until - Math.max(endsAt, from), endsAt: until });
  }
  return Math.max(0, ...[...pauses.values()].map(({ ms }) => ms));
}

export const burstFaults: Part = {
  title: 'a burst with faults of Graph',
  figures: {
    burst_faults_time: {
      what: '600 jobs of 3 customers with 5 % each of 429 (Retry-After 1), 503, 504 and resets, less the pauses that Graph asked for, against none',
      unit: 'ratio',
      bar: 2,
    },
  },
  async measure({ root }) {
    const withFaults = () =>
      withBurstBed(root, { customers: TENANTS, slow: false }, async (bed) => {
        await addFaults(bed);
        return (await drain(bed, JOBS)) - (await pausesAsked(bed));
      });
    const without = () => withBurstBed(root, { customers: TENANTS, slow: false }, (bed) => drain(bed, JOBS));
    return { burst_faults_time: medianRatio(await takePairs(PAIRS_WITH_FAULTS, withFaults, without, 0)) };
  },
};

const JOBS_OF_HOSTS = 420;

/** With the shipped 24 places one host takes all of a machine with two cores, and a second host adds nothing to measure. */
export const twoHosts: Part = {
  title: 'two hosts',
  figures: {
    two_hosts: {
      what: '420 jobs of 3 customers on two hosts with one storage against one host, 8 places each, Graph answers after 300 ms',
      unit: 'ratio',
      // 1.8 times as fast.
      bar: 1 / 1.8,
    },
  },
  async measure({ root }) {
    const run = (hosts: number) => () =>
      withBurstBed(root, { customers: TENANTS, hosts, app: 'fewPlaces' }, (bed) => drain(bed, JOBS_OF_HOSTS));
    return { two_hosts: medianRatio(await takePairs(PAIRS, run(2), run(1), 0)) };
  },
};
