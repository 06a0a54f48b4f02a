import type { Flow } from '../support/startFlow';

/** What fails in one hour of the soak. */
export interface Hour {
  /** `out` without and `outFor` with a Retry-After; `reset`: no answer at all. */
  graph: 'up' | 'out' | 'outFor' | 'reset';
  app: 'up' | 'out';
  /** 20 % of Graph's answers are 429 and 5xx. */
  faults: boolean;
}

/** The shortest soak that has room for all trouble, and in which the ledger rows of the first days are deleted. */
const LEAST_DAYS = 6;
const GRAPH_OUT = ['reset', 'out', 'outFor', 'outFor', 'outFor', 'outFor'] as const;
const APP_OUT_HOURS = 2;
const FAULT_HOURS = 12;

/**
 * `days` days by the hour: Graph is out for six hours, the app for two, and twelve have seeded faults. The first day and
 * the last two have no trouble, so that the app has time to recover.
 */
export function createSchedule(days: number, random: () => number): Hour[] {
  if (!(days >= LEAST_DAYS)) throw new Error(`The soak needs at least ${LEAST_DAYS} days (SOAK_DAYS)`);
  const count = days * 24;
  const hours = Array.from({ length: count }, (): Hour => ({ graph: 'up', app: 'up', faults: false }));
  const isQuiet = (hour: Hour | undefined) => hour?.graph === 'up' && hour.app === 'up' && !hour.faults;
  const pick = (length: number): Hour[] => {
    for (;;) {
      const start = 24 + Math.floor(random() * (count - 72 - length));
      const picked = hours.slice(start, start + length);
      if (picked.every(isQuiet)) return picked;
    }
  };
  for (const [index, hour] of pick(GRAPH_OUT.length).entries()) hour.graph = GRAPH_OUT[index] ?? 'out';
  for (const hour of pick(APP_OUT_HOURS)) hour.app = 'out';
  for (let n = 0; n < FAULT_HOURS; n += 1) for (const hour of pick(1)) hour.faults = true;
  return hours;
}

const QUIET: Hour = { graph: 'up', app: 'up', faults: false };

/** Changes Graph, the app and the faults from the state of the hour `before` to that of `hour`. */
export async function changeTrouble(
  { cloud, control }: Pick<Flow, 'cloud' | 'control'>,
  before: Hour = QUIET,
  hour: Hour,
  random: () => number,
): Promise<void> {
  if (hour.graph !== before.graph) {
    if (hour.graph === 'up') await control.endOutage();
    else {
      await control.startOutage({
        answer: hour.graph === 'reset' ? 'reset' : 'status503',
        tokens: random() < 0.5,
        notifications: random() < 0.5 ? 'late' : 'lost',
        ...(hour.graph === 'outFor' ? { retryAfterSeconds: 120 } : {}),
      });
    }
  }
  if (hour.app !== before.app) {
    if (hour.app === 'up') await cloud.restartHost();
    else await cloud.hosts[0]?.kill();
  }
  if (hour.faults === before.faults) return;
  if (hour.faults) await addFaults(control);
  else await control.clearFaults();
}

/** About 20 % of all calls to Graph. The first rule that matches acts. */
async function addFaults(control: Flow['control']): Promise<void> {
  const rules = [
    { rate: 0.05, action: { type: 'status', status: 429, retryAfterSeconds: 120 } },
    { rate: 0.07, action: { type: 'status', status: 429, retryAfterSeconds: 0.5, retryAfterMaxSeconds: 3 } },
    { rate: 0.04, action: { type: 'status', status: 503 } },
    { rate: 0.05, action: { type: 'status', status: 500 } },
  ] as const;
  for (const rule of rules) await control.addFault({ ...rule, count: -1 });
}
