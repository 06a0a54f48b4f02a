import { countSweeps, sweepAll } from '../shared/sweep/sweepAll';
import { createSweepWorld } from '../tests/support/createSweepWorld';
import { exactFigure, type Figure } from './ratio';

const TENANTS = 3;
/** Half of them definitions, half printers, 102 watches in all. */
const WATCHES_OF_EACH = 34;
/** A listing for each watch and one of the definitions for each tenant. */
const MOST_CALLS = 1.1;

/** Calls to Graph that one sweep of all tenants costs for each watch, where every listing fits on one page. */
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
        world.putTask(`task-${id}`, { definition: id, tenant: tenantId });
      } else world.putPrinter(id, tenantId);
    }
  }
  const { swept, enqueued } = countSweeps(await sweepAll(world.deps));
  if (swept !== TENANTS || enqueued !== (TENANTS * WATCHES_OF_EACH) / 2) {
    throw new Error('The sweep that was to be counted did not find what is there');
  }
  const calls = world.calls.length / (TENANTS * WATCHES_OF_EACH);
  return exactFigure('sweep_calls_per_watch', Math.round(calls * 1_000) / 1_000, 'calls', MOST_CALLS);
}
