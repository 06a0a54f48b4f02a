import { SWEEP_RUN_MS } from '../shared/sweep/createSweepTime';
import { countSweeps, sweepAll } from '../shared/sweep/sweepAll';
import { createSweepWorld } from '../tests/support/createSweepWorld';
import { exactFigure, type Figure } from './ratio';

const TENANTS = 3;
/** Half of them definitions, half printers, 102 watches in all. */
const WATCHES_OF_EACH = 34;
/** A listing for each watch, one of the definitions for each tenant, and now and then one for a trigger. */
const MOST_CALLS = 1.1;
/** The runs of a day: a printer that nobody watches is looked at in one of them. */
const RUNS = 144;
const STEP_MS = 10 * 60_000;

/**
 * Calls to Graph that one sweep of all tenants costs for each watch, on average over a day, where every listing fits on one
 * page. Every task is on a printer of its own, of which one is watched and the next is not.
 */
export async function countSweepCalls(): Promise<Figure> {
  const world = createSweepWorld();
  for (let tenant = 0; tenant < TENANTS; tenant += 1) {
    const tenantId = `tenant-${tenant}`;
    await world.addTenant(tenantId);
    for (let n = 0; n < WATCHES_OF_EACH; n += 1) {
      const id = `${tenant}-${n}`;
      const kind = n % 2 === 0 ? 'jobStarted' : 'jobFetchable';
      await world.put({ tenantId, kind, id });
      if (kind === 'jobStarted') {
        world.putDefinition(id, tenantId);
        const printer = n % 4 === 0 ? `${tenant}-${n + 1}` : `unwatched-${id}`;
        world.putTask(`task-${id}`, { definition: id, tenant: tenantId, printer, job: '1' });
        if (n % 4 !== 0) world.putPrinter(printer, tenantId);
      } else world.putPrinter(id, tenantId);
    }
  }
  for (let run = 0; run < RUNS; run += 1) {
    const { swept, enqueued } = countSweeps(await sweepAll(world.deps, { runMs: SWEEP_RUN_MS }));
    if (swept !== TENANTS || (run === 0 && enqueued !== (TENANTS * WATCHES_OF_EACH) / 2)) {
      throw new Error('The sweep that was to be counted did not find what is there');
    }
    world.clock.advance(STEP_MS);
  }
  const unwatched = world.said().filter((path) => path.includes('unwatched')).length;
  if (unwatched !== TENANTS * Math.floor(WATCHES_OF_EACH / 4)) {
    throw new Error('The printers that nobody watches were not looked at once each');
  }
  const calls = world.calls.length / RUNS / (TENANTS * WATCHES_OF_EACH);
  return exactFigure('sweep_calls_per_watch', Math.round(calls * 1_000) / 1_000, 'calls', MOST_CALLS);
}
