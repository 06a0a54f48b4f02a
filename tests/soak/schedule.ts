/** One hour of the soak: what is out of order in it. */
export interface Hour {
  /** `out` without and `outFor` with a Retry-After; `reset`: no answer at all. */
  graph: 'up' | 'out' | 'outFor' | 'reset';
  app: 'up' | 'out';
  /** 20 % of Graph's answers are 429 and 5xx. */
  faults: boolean;
}

const HOURS = 30 * 24;
const GRAPH_OUT = ['reset', 'out', 'outFor', 'outFor', 'outFor', 'outFor'] as const;
const APP_OUT_HOURS = 2;
const FAULT_HOURS = 12;

/**
 * Thirty days by the hour: Graph is out for six of them, the app for two, and twelve have seeded faults. The first day
 * and the last two are left alone: what is to be mended has its time.
 */
export function createSchedule(random: () => number): Hour[] {
  const hours = Array.from({ length: HOURS }, (): Hour => ({ graph: 'up', app: 'up', faults: false }));
  const isQuiet = (hour: Hour | undefined) => hour?.graph === 'up' && hour.app === 'up' && !hour.faults;
  const pick = (length: number): Hour[] => {
    for (;;) {
      const start = 24 + Math.floor(random() * (HOURS - 72 - length));
      const picked = hours.slice(start, start + length);
      if (picked.every(isQuiet)) return picked;
    }
  };
  for (const [index, hour] of pick(GRAPH_OUT.length).entries()) hour.graph = GRAPH_OUT[index] ?? 'out';
  for (const hour of pick(APP_OUT_HOURS)) hour.app = 'out';
  for (let n = 0; n < FAULT_HOURS; n += 1) for (const hour of pick(1)) hour.faults = true;
  return hours;
}
