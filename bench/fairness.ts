import { QueueServiceClient } from '@azure/storage-queue';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../shared/clock';
import { eachBounded } from '../shared/concurrency';
import { formatJobMessage } from '../shared/jobs/message';
import { QUEUE_NAMES } from '../shared/storage/account';
import { withBurstBed, type BurstBed } from './burstBed';
import { medianRatio, takePairs, type Part } from './figures';

const BACKLOG = 5_000;
const HANGING_JOBS = 200;
const HANG_MS = 10 * 60_000;
const PAIRS = 2;
/** Jobs of the other customer, one after another. */
const JOBS = 40;
const BETWEEN_JOBS_MS = 500;
const SENDS_AT_ONCE = 16;

/** Prints `JOBS` jobs of the second customer and gives the 95th percentile of print to release, in milliseconds. */
async function releaseTimes(bed: BurstBed): Promise<number> {
  const [, other] = bed.customers;
  if (!other) throw new Error('The bench needs two customers');
  const printedAt: number[] = [];
  for (let n = 0; n < JOBS; n += 1) {
    printedAt.push(Date.now());
    await bed.print(1, [other]);
    await delay(BETWEEN_JOBS_MS);
  }
  for (;;) {
    const releases = (await bed.control.calls()).filter(
      ({ tenantId, method, status }) => tenantId === other.tenantId && method === 'PATCH' && status === 200,
    );
    // Jobs are released in about the order in which they were printed.
    if (releases.length >= JOBS) {
      const times = releases.slice(-JOBS).map(({ at }, n) => at - (printedAt[n] ?? at));
      return times.sort((a, b) => a - b)[Math.floor(JOBS * 0.95)] ?? NaN;
    }
    await delay(BETWEEN_JOBS_MS);
  }
}

/** What the other customer sees beside `busy`, the work of the first customer, and beside `idle`. */
async function compare(root: string, busy: (bed: BurstBed) => Promise<void>, idle: (bed: BurstBed) => Promise<void>) {
  const run = (prepare: (bed: BurstBed) => Promise<void>) => () =>
    withBurstBed(root, { customers: 2, slow: false }, async (bed) => {
      await prepare(bed);
      return releaseTimes(bed);
    });
  return medianRatio(await takePairs(PAIRS, run(busy), run(idle), 0));
}

/** Jobs of the first customer whose notifications are lost at Graph. Their messages are sent here, past a busy webhook. */
async function printBacklog({ control, customers, services }: BurstBed, count: number): Promise<void> {
  const [busy] = customers;
  if (!busy) throw new Error('The bench needs two customers');
  const { tenantId, printerId } = busy;
  await control.setDelivery({ lossRate: 1 });
  const printed = await control.print(tenantId, { printerId, count });
  await control.setDelivery({ lossRate: 0 });
  const queue = await services.queue(QUEUE_NAMES.jobs);
  const receivedAt = new Date(systemClock.now()).toISOString();
  await eachBounded(SENDS_AT_ONCE, printed, async ({ taskId = '', definitionId = '', jobId }) => {
    const reference = { kind: 'jobStarted', tenantId, definitionId, taskId, printerId, jobId } as const;
    await queue.send(formatJobMessage({ reference, foundBy: 'sweep', receivedAt, traceparent: '', deferrals: 0 }));
  });
}

/** As many messages in a queue that nothing reads: the emulator alone becomes slower with what it holds. */
async function fillUnreadQueue({ cloud }: BurstBed, count: number): Promise<void> {
  const queue = QueueServiceClient.fromConnectionString(cloud.connectionString).getQueueClient('bench-unread');
  await queue.create();
  const text = Buffer.from('x'.repeat(700)).toString('base64');
  await eachBounded(SENDS_AT_ONCE, Array.from({ length: count }), async () => {
    await queue.sendMessage(text, { messageTimeToLive: -1 });
  });
}

/** A job of one customer beside a customer that floods, and beside one that hangs. */
export const fairness: Part = {
  title: 'one customer beside another',
  figures: {
    fair_backlog_p95: {
      what: 'print to release, 95th percentile, beside 5,000 jobs of another customer, against 5,000 messages that nothing reads',
      unit: 'ratio',
      bar: 2,
    },
    fair_hang_p95: {
      what: 'the same beside 200 jobs of a customer whose calls never answer, against none',
      unit: 'ratio',
      bar: 2,
    },
  },
  async measure({ root, isWanted }) {
    const hang = async (bed: BurstBed) => {
      const { tenantId = '' } = bed.customers[0] ?? {};
      await bed.control.addFault({ tenantId, count: -1, action: { type: 'hang', ms: HANG_MS } });
      await printBacklog(bed, HANGING_JOBS);
    };
    return {
      ...(isWanted('fair_backlog_p95') && {
        fair_backlog_p95: await compare(
          root,
          (bed) => printBacklog(bed, BACKLOG),
          (bed) => fillUnreadQueue(bed, BACKLOG),
        ),
      }),
      ...(isWanted('fair_hang_p95') && { fair_hang_p95: await compare(root, hang, () => Promise.resolve()) }),
    };
  },
};
