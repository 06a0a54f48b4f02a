import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveryAttempt } from '../delivery/options';
import type { Simulation } from '../world/simulation';
import type { CallRecord } from './controlTypes';
import { viewJob, type ListedJob } from './viewState';

/** What has happened since an earlier look, each list in the order of its `n`. */
export interface Activity {
  jobs: (ListedJob & { tenantName: string; printerName: string })[];
  deliveries: DeliveryAttempt[];
  /** Of Graph, without those of sign-in. */
  calls: CallRecord[];
}

/** The highest `n` of each list that the caller knows. */
interface Look {
  jobs: number;
  deliveries: number;
  calls: number;
  waitMs: number;
}

const LOOK_EVERY_MS = 25;
const LONGEST_WAIT_MS = 30_000;
/** A call that is answered later is reported without its answer, or it would hold back all later ones. */
const LONGEST_ANSWER_MS = 2_000;

/** What came after `look`, as soon as there is any of it. Empty lists after `waitMs`. */
export async function waitForActivity(simulation: Simulation, look: Look): Promise<Activity> {
  const end = performance.now() + Math.min(look.waitMs, LONGEST_WAIT_MS);
  for (;;) {
    const activity = activityAfter(simulation, look);
    const isNew = Object.values(activity).some((list: unknown[]) => list.length > 0);
    if (isNew || performance.now() >= end || simulation.closed.aborted) return activity;
    await sleep(LOOK_EVERY_MS, undefined, { signal: simulation.closed }).catch(() => undefined);
  }
}

function activityAfter(simulation: Simulation, after: Look): Activity {
  const { world, delivery, calls, now } = simulation;
  return {
    jobs: world.printed > after.jobs ? jobsAfter(simulation, after.jobs) : [],
    deliveries: delivery.attemptsAfter(after.deliveries),
    calls: calls.answeredAfter(after.calls, now() - LONGEST_ANSWER_MS).filter(({ target }) => target === 'graph'),
  };
}

function jobsAfter({ world }: Simulation, n: number) {
  return [...world.tenants.values()]
    .flatMap(({ name: tenantName, printers, pullPrintPrinters }) =>
      [...printers.values(), ...pullPrintPrinters.values()].flatMap(({ displayName: printerName, jobs }) =>
        [...jobs.values()].map((job) => ({ ...viewJob(job), tenantName, printerName })),
      ),
    )
    .filter((job) => job.n > n)
    .sort((a, b) => a.n - b.n);
}
