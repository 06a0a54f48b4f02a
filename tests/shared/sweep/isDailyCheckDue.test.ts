import { isDailyCheckDue } from '../../../shared/sweep/lostTriggers';

/** The timer of docs/decisions/0010: a run every ten minutes. */
const STEP = 10 * 60_000;
const DAY = 144 * STEP;
const MIDNIGHT = Date.UTC(2026, 10, 22);
const PRINTERS = Array.from({ length: 300 }, (_, n) => ({ tenantId: 'tenant', id: `printer-${n}` }));

const runsOf = (printer: (typeof PRINTERS)[number], day: number) =>
  Array.from({ length: 144 }, (_, step) => MIDNIGHT + day * DAY + step * STEP + 30_000).filter((run) =>
    isDailyCheckDue(printer, run),
  );

it('is due in one run of each day, the same every day', () => {
  for (const printer of PRINTERS) {
    const [run, ...others] = runsOf(printer, 0);
    expect(others).toEqual([]);
    expect(runsOf(printer, 1)).toEqual([(run ?? 0) + DAY]);
  }
});

it('is due however late in its ten minutes the run begins', () => {
  const [printer = { tenantId: '', id: '' }] = PRINTERS;
  const begin = (runsOf(printer, 0)[0] ?? 0) - 30_000;
  expect([begin - 1, begin, begin + STEP - 1, begin + STEP].map((at) => isDailyCheckDue(printer, at))).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

it('spreads the printers over the day', () => {
  const runs = new Map<number, number>();
  for (const printer of PRINTERS) {
    for (const run of runsOf(printer, 0)) runs.set(run, (runs.get(run) ?? 0) + 1);
  }
  expect(runs.size).toBeGreaterThan(100);
  expect(Math.max(...runs.values())).toBeLessThan(12);
});

it('differs between customers', () => {
  const others = PRINTERS.map((printer) => ({ ...printer, tenantId: 'other' }));
  const same = PRINTERS.filter((printer, n) => runsOf(printer, 0)[0] === runsOf(others[n] ?? printer, 0)[0]);
  expect(same.length).toBeLessThan(20);
});
