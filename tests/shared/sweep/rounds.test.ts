import fc from 'fast-check';
import { areDefinitionsDue, isPrinterDue, minutesDue, wholeRound } from '../../../shared/sweep/rounds';
import type { WatchKey } from '../../../shared/watches/watches';
import { TENANT } from '../../support/createSubscriptionWorld';

const MINUTE = 60_000;
/** 2026-11-29T00:00:00Z, in minutes since 1970. */
const START = Date.UTC(2026, 10, 29) / MINUTE;
const iso = (minute: number) => new Date(minute * MINUTE + 30_000).toISOString();

const printer = (id: string): WatchKey => ({ tenantId: TENANT, kind: 'jobFetchable', id });
const customer = (quietPrinterMinutes = 60) => ({ quietPrinterMinutes });
const only = (minute: number) => ({ minutes: [minute], hasGap: false });
const isDue = (
  id: string,
  minute: number,
  look?: { minute: number; isQuiet: boolean },
  tenant: Parameters<typeof isPrinterDue>[1] = customer(),
) => isPrinterDue(printer(id), tenant, only(minute), look, minute * MINUTE);

const ids = fc.uuid();
const minutes = fc.integer({ min: START, max: START + 100_000 });

describe('a round', () => {
  it('has each busy printer due once in any ten consecutive minutes, and its definitions too', () => {
    fc.assert(
      fc.property(ids, minutes, (id, first) => {
        const ten = Array.from({ length: 10 }, (_, n) => first + n);
        expect(ten.filter((minute) => isDue(id, minute))).toHaveLength(1);
        expect(ten.filter((minute) => areDefinitionsDue(id, { minutes: [minute] }))).toHaveLength(1);
      }),
    );
  });

  it('spreads a fleet: of 5,000 printers no minute has a fifth more than its tenth', () => {
    for (let minute = START; minute < START + 10; minute += 1) {
      const due = Array.from({ length: 5_000 }, (_, n) => `printer-${n}`).filter((id) => isDue(id, minute));
      expect(due.length).toBeGreaterThan(400);
      expect(due.length).toBeLessThan(600);
    }
  });
});

describe('the minutes that a run covers', () => {
  const due = (sweptAt: number | undefined, now: number, sweepTriedAt = sweptAt) =>
    minutesDue(
      {
        status: 'active',
        ...(sweptAt === undefined ? {} : { sweptAt: iso(sweptAt) }),
        ...(sweepTriedAt === undefined ? {} : { sweepTriedAt: iso(sweepTriedAt) }),
      },
      now * MINUTE + 30_000,
    );

  it.each([
    ['the minute itself after the run of the minute before', START - 1, [START]],
    ['nothing when this minute is covered', START, []],
    ['the minutes of the runs that were missed', START - 3, [START - 2, START - 1, START]],
  ])('are %s', (_name, sweptAt, expected) => {
    expect(due(sweptAt, START)).toEqual({ minutes: expected, hasGap: false });
  });

  it.each([
    ['of a customer that was never swept', undefined],
    ['after more than ten minutes without a sweep', START - 11],
    ['after a time that a wrong clock wrote', START + 2],
  ])('are a whole round %s', (_name, sweptAt) => {
    expect(due(sweptAt, START, START - 11)).toEqual(wholeRound(START * MINUTE));
  });

  it('are a whole round at most every ten minutes while it fails', () => {
    const tried = START - 1;
    expect(due(START - 40, START, tried).minutes).toEqual([]);
    expect(due(START - 40, START + 9, tried).minutes).toHaveLength(10);
  });

  it('cover every minute once, however many runs are missed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 5, maxLength: 30 }), (steps) => {
        const covered: number[] = [];
        let now = START;
        for (const step of steps) {
          const sweptAt = now;
          now += step;
          covered.push(...due(sweptAt, now).minutes);
        }
        expect(covered).toEqual(Array.from({ length: now - START }, (_, n) => START + 1 + n));
      }),
    );
  });
});

describe('a quiet printer', () => {
  const quietAt = (minute: number) => ({ minute, isQuiet: true });

  it.each([10, 20, 25, 60])('is looked at within %d minutes of the last look, whenever that was', (bound) => {
    fc.assert(
      fc.property(ids, minutes, (id, last) => {
        const next = Array.from({ length: 60 }, (_, n) => last + 1 + n).find((minute) =>
          isDue(id, minute, quietAt(last), customer(bound)),
        );
        expect((next ?? Infinity) - last).toBeLessThanOrEqual(bound);
      }),
    );
  });

  it('is looked at once an hour by default, and a fleet of them is spread over the hour', () => {
    const looks = new Map<number, number>();
    for (let n = 0; n < 1_200; n += 1) {
      let look = quietAt(START - 1);
      for (let minute = START; minute < START + 60; minute += 1)
        if (isDue(`p${n}`, minute, look)) look = quietAt(minute);
      const times: number[] = [];
      for (let minute = START + 60; minute < START + 240; minute += 1) {
        if (!isDue(`p${n}`, minute, look)) continue;
        look = quietAt(minute);
        times.push(minute);
        looks.set(minute, (looks.get(minute) ?? 0) + 1);
      }
      expect(times).toHaveLength(3);
    }
    // 20 a minute on average.
    expect(Math.max(...looks.values())).toBeLessThan(40);
  });

  it.each([
    ['no sweep of this process has seen it quiet', undefined, {}, false],
    ['the last look is older than its rounds, because another process swept since', quietAt(START - 70), {}, false],
    ['the last look found a job', { minute: START - 10, isQuiet: false }, {}, false],
    ['there was a sign of trouble within an hour', quietAt(START - 10), { troubleAt: iso(START - 50) }, false],
    ['earlier sweeps left a gap', quietAt(START - 10), {}, true],
  ])('is busy when %s', (_name, look, fields, hasGap) => {
    const own = Array.from({ length: 100 }, (_, n) => `p${n}`).filter((id) => isDue(id, START));
    const tenant = { ...customer(), ...fields };
    for (const id of own) {
      const turn = { minutes: [START], hasGap };
      expect(isPrinterDue(printer(id), tenant, turn, look, START * MINUTE)).toBe(true);
    }
  });

  it('is quiet again an hour after the sign', () => {
    const own = Array.from({ length: 100 }, (_, n) => `p${n}`).filter((id) => isDue(id, START));
    const tenant = { ...customer(), troubleAt: iso(START - 62) };
    expect(own.every((id) => isDue(id, START, quietAt(START - 10), tenant))).toBe(false);
  });
});
