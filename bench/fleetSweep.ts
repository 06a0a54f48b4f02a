import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createControlClient } from '../local/graphSimulator/control/controlClient';
import { startGraphSimulator } from '../local/standIns';
import type { Clock } from '../shared/clock';
import { createGraphBatch, MOST_PARTS } from '../shared/graph/batch';
import { createGraphClient } from '../shared/graph/client';
import { createSendHttp } from '../shared/graph/http';
import { createSilence, createThrottle } from '../shared/graph/throttle';
import { createSweepMemory } from '../shared/sweep/sweepMemory';
import { countSweeps, sweepAll } from '../shared/sweep/sweepAll';
import { SWEEP_RUN_MS, type SweepDeps } from '../shared/sweep/sweepRun';
import { notMeasured } from '../shared/telemetry/catalogue';
import { createSweepWorld } from '../tests/support/createSweepWorld';
import { exact, type Part } from './figures';

const PRINTERS = 5_000;
const ROUND_MINUTES = 10;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The narrowest limit of an app and tenant that Graph publishes for requests by id (concepts/throttling-limits.md). */
const LIMIT = 500;
const WINDOW_MS = 20_000;
/** A round takes ten minutes, of which the runs sleep most: this clock is so much faster. */
const FASTER = 20;

/**
 * One round of the timer over 5,000 printers of one customer without open jobs, in process against the simulator. The first
 * round after a start lists each printer, so a quiet fleet costs no less.
 */
export const fleetSweep: Part = {
  title: 'the sweep of a fleet',
  figures: {
    fleet_sweep_requests: {
      what: 'requests to Graph in a sweep of 5,000 printers of one customer, for each printer. Each part of a $batch counts',
      unit: 'requests',
      bar: 1.05,
    },
    fleet_sweep_peak: {
      what: 'the most of them in 20 seconds, against the 500 that Graph allows for an app and tenant where it publishes a limit',
      unit: 'requests',
      bar: LIMIT,
    },
  },
  async measure({ root }) {
    const simulator = await startGraphSimulator({ root });
    try {
      const control = createControlClient(simulator);
      const tenantId = randomUUID();
      await control.createTenant({ tenantId });
      const { id: definition } = await control.createDefinition(tenantId, { displayName: 'Bench' });
      const printers = await control.createFleet(tenantId, { count: PRINTERS });
      const { deps, sent, advanceTo } = await createWorld(simulator.graphUrl, tenantId, { definition, printers });
      const begin = Math.ceil(deps.clock.now() / MINUTE_MS) * MINUTE_MS + MINUTE_MS / 2;
      await control.clearCalls();
      for (let minute = 0; minute < ROUND_MINUTES; minute += 1) {
        advanceTo(begin + minute * MINUTE_MS);
        const { swept, failures } = countSweeps(await sweepAll(deps, { dueOnly: true, runMs: SWEEP_RUN_MS }));
        if (swept !== 1 || failures > 0) throw new Error('A run did not sweep what was due');
      }
      const round = [...sent];
      const calls = (await control.calls()).filter(({ path }) => path.includes('/print/'));
      const listed = new Set(calls.flatMap(({ path }) => /printers\/([^/]+)\/jobs/.exec(path)?.[1] ?? []));
      if (listed.size !== PRINTERS) throw new Error(`Only ${listed.size} printers were listed`);
      // After an outage of an hour, one run sweeps the whole round.
      advanceTo(begin + HOUR_MS);
      const afterOutage = countSweeps(await sweepAll(deps, { dueOnly: true, runMs: SWEEP_RUN_MS }));
      if (afterOutage.swept !== 1 || afterOutage.listings < PRINTERS) throw new Error('The outage was not made up for');
      const peaks = [peakOf(round), peakOf(sent.slice(round.length))];
      const batches = round.filter(({ parts }) => parts > 1);
      const minutes = Array.from({ length: ROUND_MINUTES }, (_, minute) =>
        sumOf(round.filter(({ at }) => Math.floor((at - begin) / MINUTE_MS) === minute)),
      );
      const details = [
        `${calls.length} requests, of which ${sumOf(batches)} in ${batches.length} batches of up to ${MOST_PARTS}`,
        `requests of each minute: ${minutes.join(', ')}`,
      ];
      return {
        fleet_sweep_requests: exact(calls.length / PRINTERS, details),
        fleet_sweep_peak: exact(Math.max(...peaks), [`${peaks[0]} in a round, ${peaks[1]} after an outage`]),
      };
    } finally {
      await simulator.stop();
    }
  },
};

/** Requests that were sent together. */
interface Sent {
  /** On the clock of the sweep. */
  at: number;
  parts: number;
}

/** A watch of each printer and of the definition, all of two days ago, and the sweep after a round that covered them. */
async function createWorld(
  graphUrl: string,
  tenantId: string,
  { definition, printers }: { definition: string; printers: readonly string[] },
) {
  const world = createSweepWorld();
  const clock = createFastClock(world.clock.now());
  await world.addTenant(tenantId);
  await world.put({ tenantId, kind: 'jobStarted', id: definition });
  for (const id of printers) await world.put({ tenantId, kind: 'jobFetchable', id });
  clock.advanceTo(clock.now() + 2 * DAY_MS);
  // The first minute of the round follows.
  const sweptAt = new Date(clock.now()).toISOString();
  await world.tenants.update(tenantId, (row) => ({ ...row, sweptAt, sweepTriedAt: sweptAt }));
  const sent: Sent[] = [];
  const throttle = createThrottle(clock);
  const silence = createSilence(clock);
  const tokens = { get: (tenant: string) => Promise.resolve(`development.${tenant}`), refused: () => undefined };
  const client = { throttle, clock, random: () => 0, measure: notMeasured };
  const graphBaseUrl = `${graphUrl}/v1.0`;
  const send = createSendHttp();
  const callGraph = createGraphClient({ ...client, baseUrl: graphBaseUrl, sendHttp: send, tokens, silence });
  const deps: SweepDeps = {
    ...world.deps,
    graphBaseUrl,
    callGraph: (call) => {
      sent.push({ at: clock.now(), parts: 1 });
      return callGraph(call);
    },
    callBatch: createGraphBatch({
      ...client,
      callGraph: (call) => {
        const { requests = [] } = (call.body ?? {}) as { requests?: unknown[] };
        sent.push({ at: clock.now(), parts: requests.length });
        return callGraph(call);
      },
    }),
    memory: createSweepMemory(clock),
    clock,
    randomBytes,
  };
  return { deps, sent, advanceTo: clock.advanceTo };
}

/** A clock that runs faster than the real one, and can be moved ahead. */
function createFastClock(start: number): Clock & { advanceTo: (time: number) => void } {
  let offset = start;
  const begun = performance.now();
  const now = () => offset + (performance.now() - begun) * FASTER;
  return {
    now,
    sleep: (ms) => delay(ms / FASTER),
    advanceTo: (time) => void (offset += Math.max(0, time - now())),
  };
}

function sumOf(sent: readonly Sent[]): number {
  return sent.reduce((sum, { parts }) => sum + parts, 0);
}

/** The most requests of any window. */
function peakOf(sent: readonly Sent[]): number {
  return Math.max(...sent.map(({ at: from }) => sumOf(sent.filter(({ at }) => at >= from && at < from + WINDOW_MS))));
}
