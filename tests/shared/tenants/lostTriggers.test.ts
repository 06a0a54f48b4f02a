import { LOST_TRIGGER_MS, nextLostTriggers, parseLostTriggers } from '../../../shared/tenants/lostTriggers';

const NOW = Date.UTC(2026, 10, 22, 12);
const at = (ms: number) => new Date(NOW + ms).toISOString();

it('names each printer once, with the time when a sweep saw it last', () => {
  const first = nextLostTriggers(undefined, { lost: ['p1', 'p2'], settled: [] }, NOW);
  expect(first).toEqual({ lostTriggers: `p1@${at(0)},p2@${at(0)}` });
  const second = nextLostTriggers(first.lostTriggers, { lost: ['p1'], settled: [] }, NOW + 60_000);
  expect(parseLostTriggers(second.lostTriggers)).toEqual(
    new Map([
      ['p1', at(60_000)],
      ['p2', at(0)],
    ]),
  );
});

it('forgets a printer whose newest job has a task again, and one that no sweep has seen lost for a day', () => {
  const cell = `p1@${at(-60_000)},p2@${at(-LOST_TRIGGER_MS)},p3@${at(-60_000)}`;
  expect(nextLostTriggers(cell, { lost: [], settled: ['p1'] }, NOW)).toEqual({ lostTriggers: `p3@${at(-60_000)}` });
  expect(nextLostTriggers(cell, { lost: [], settled: ['p1', 'p3'] }, NOW)).toEqual({});
});

it('holds at most 100 printers, so that the cell stays small', () => {
  const lost = Array.from({ length: 5_000 }, (_, n) => `printer-${n}`);
  expect(parseLostTriggers(nextLostTriggers('', { lost, settled: [] }, NOW).lostTriggers).size).toBe(100);
});

it.each(['', 'p1', '@', 'p1@', ',,'])('reads no printer in the cell %j', (cell) => {
  expect(parseLostTriggers(cell).size).toBe(0);
});
