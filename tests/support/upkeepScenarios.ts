import { isDailyCheckDue } from '../../shared/sweep/lostTriggers';
import type { WatchKey } from '../../shared/watches/watches';
import type { Customer, Flow } from './startFlow';

/** A customer in the state that a run is to find, and what holds once all is well again. */
export interface Prepared {
  tenantId: string;
  /** How many watches there are to be, each with its one subscription. */
  watches: number;
  /** How many job events there are to be in all. */
  events: number;
}

export interface UpkeepScenario {
  name: string;
  /** Gives a fresh customer of its own. */
  prepare(flow: Flow): Promise<Prepared>;
  /** Does the work once; `meanwhile` runs beside it. Resolves when nothing is under way. */
  run(flow: Flow, prepared: Prepared, meanwhile?: () => Promise<void>): Promise<void>;
}

const HOUR = 60 * 60_000;
/** The turn of one printer among the day's 144. */
const TRIGGER_LOOK_MS = 10 * 60_000;

const renew: UpkeepScenario['run'] = (flow, _prepared, meanwhile) => flow.runNow('renewSubscriptions', meanwhile);

/** A new watch that has only its row, as `subscriptions add` leaves it where Graph cannot be reached. */
const create: UpkeepScenario = {
  name: 'creates the subscription of a new watch',
  async prepare(flow) {
    const { tenantId, printerId: id } = await flow.onboard([]);
    const since = new Date(flow.clock.now()).toISOString();
    await (await flow.services.watches()).add({ tenantId, kind: 'jobFetchable', id, since });
    return { tenantId, watches: 1, events: 0 };
  },
  run: renew,
};

const extend: UpkeepScenario = {
  name: 'extends a subscription by PATCH in a batch',
  async prepare(flow) {
    const { tenantId } = await flow.onboard(['jobFetchable'], { trigger: false });
    flow.cloud.clock?.move(HOUR);
    return { tenantId, watches: 1, events: 0 };
  },
  run: renew,
};

const recreate: UpkeepScenario = {
  name: 'finds a lost subscription by the 404 of its PATCH in a batch, recreates it and sweeps',
  async prepare(flow) {
    const { tenantId, printerId } = await flow.onboard(['jobFetchable'], { trigger: false });
    await flow.control.loseSubscriptions({ rate: 1, tenantId });
    await flow.control.print(tenantId, { printerId });
    flow.cloud.clock?.move(HOUR);
    return { tenantId, watches: 1, events: 1 };
  },
  run: renew,
};

const replace: UpkeepScenario = {
  name: 'replaces a subscription with the URL of before and sweeps',
  async prepare(flow) {
    const publicBaseUrl = flow.cloud.settings['PUBLIC_BASE_URL']?.replace('127.0.0.1', 'localhost') ?? '';
    const customer = await flow.onboard(['jobFetchable'], { trigger: false, publicBaseUrl });
    await printUnheard(flow, customer.tenantId, customer.printerId);
    return { tenantId: customer.tenantId, watches: 1, events: 1 };
  },
  run: renew,
};

const remove: UpkeepScenario = {
  name: 'removes a watch',
  async prepare(flow) {
    const customer = await flow.onboard(['jobFetchable'], { trigger: false });
    await stopWanting(flow, { ...customer, kind: 'jobFetchable', id: customer.printerId });
    return { tenantId: customer.tenantId, watches: 0, events: 0 };
  },
  run: renew,
};

const sweep: UpkeepScenario = {
  name: 'sweeps, and finds a missed JobStarted and a missed JobFetchable',
  async prepare(flow) {
    const { tenantId, printerId }: Customer = await flow.onboard(['jobStarted']);
    passTriggerLook(flow, { tenantId, printerId });
    // Two printers, so that the release of the one job does not tell of the other.
    const { id } = await flow.control.createPrinter(tenantId, { displayName: 'Without a trigger' });
    await flow.watch({ tenantId, kind: 'jobFetchable', id });
    for (const printer of [printerId, id]) await printUnheard(flow, tenantId, printer);
    return { tenantId, watches: 2, events: 2 };
  },
  run: (flow, _prepared, meanwhile) => flow.runNow('sweepJobs', meanwhile),
};

const lifecycle: UpkeepScenario = {
  name: 'is told of a lost subscription, recreates it and sweeps',
  async prepare(flow) {
    const { tenantId, printerId } = await flow.onboard(['jobFetchable'], { trigger: false });
    await printUnheard(flow, tenantId, printerId);
    return { tenantId, watches: 1, events: 1 };
  },
  async run(flow, { tenantId }, meanwhile) {
    await flow.control.loseSubscriptions({ rate: 1, tenantId, announce: true });
    await meanwhile?.();
    await flow.untilQuiet();
  },
};

/** What keeps subscriptions alive and finds missed jobs, one thing each. */
export const UPKEEP = { create, extend, recreate, replace, remove, sweep, lifecycle };

/** Prints a job of which Graph tells nobody. */
async function printUnheard({ control }: Flow, tenantId: string, printerId: string): Promise<void> {
  await control.setDelivery({ lossRate: 1 });
  try {
    await control.print(tenantId, { printerId });
    await control.idle();
  } finally {
    await control.setDelivery({ lossRate: 0 });
  }
}

/**
 * Moves the clock past the one sweep of the day that lists an unwatched printer for its trigger
 * (docs/decisions/0010), so that every run makes the same calls.
 */
function passTriggerLook(flow: Flow, { tenantId, printerId }: { tenantId: string; printerId: string }): void {
  const isDueIn = (ms: number) => isDailyCheckDue({ tenantId, id: printerId }, flow.clock.now() + ms);
  // The next ten minutes may begin before the run does.
  if (isDueIn(0) || isDueIn(TRIGGER_LOOK_MS)) flow.cloud.clock?.move(2 * TRIGGER_LOOK_MS);
}

/** What `subscriptions remove` writes first. */
async function stopWanting({ services }: Flow, key: WatchKey): Promise<void> {
  const watches = await services.watches();
  const stored = await watches.get(key);
  if (stored) await watches.save({ ...stored.watch, wanted: false }, stored.etag);
}
