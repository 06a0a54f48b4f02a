import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '../shared/telemetry/catalogue';
import { MEASURED_EVENTS } from '../shared/telemetry/measuredEvents';

const page = readFileSync(join(__dirname, '..', 'docs', 'metrics.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `upr.'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const quotedIn = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word);

describe('docs/metrics.md', () => {
  it('lists every metric as the catalogue says it, in its order', () => {
    expect(
      rows.map(([name, kind, unit, dimensions, description]) => [
        quotedIn(name)[0],
        { kind, unit: quotedIn(unit)[0], dimensions: quotedIn(dimensions), description },
      ]),
    ).toEqual(Object.entries(METRICS));
  });

  it('names every log event that measures something as a source, and no other', () => {
    const sources = rows.flatMap(([, , , , , source]) => quotedIn(source)).filter((name) => name !== 'measureService');
    expect([...new Set(sources)].sort()).toEqual([...MEASURED_EVENTS].sort());
  });

  it('names the timer as the source of every gauge, and of nothing else', () => {
    const ofTimer = rows
      .filter(([, , , , , source]) => source === '`measureService`')
      .map(([name]) => quotedIn(name)[0]);
    const gauges = Object.entries(METRICS).flatMap(([name, { kind }]) => (kind === 'gauge' ? [name] : []));
    expect(ofTimer).toEqual(gauges);
  });
});
