import { TENANT } from './createSubscriptionWorld';
import type { createFleetWorld } from './createFleetWorld';

type FleetWorld = ReturnType<typeof createFleetWorld>;

/** A document with both scenarios, which treats each of the printers of `addMixedPrinters` in another way. */
const BOTH = {
  version: 1,
  jobStarted: [{ definition: 'Receiver', printers: { include: ['*'], exclude: [{ name: 'Lab-*' }] } }],
  jobFetchable: { printers: { include: [{ location: { building: 'HQ*' } }, { share: 'Finance*' }] } },
};

/** Stores a document as `fleet import` does. */
export async function storeFleet(world: FleetWorld, document: unknown = BOTH): Promise<void> {
  world.write('fleet.json', document);
  expect(await world.run('fleet', 'import', 'fleet.json', '--tenant', TENANT)).toMatchObject({ code: 0 });
}

/** Four printers: one in HQ, one with a share, one in the lab, one whose trigger belongs to another app. */
export function addMixedPrinters(world: FleetWorld): void {
  world.addPrinter('p1', { location: { building: 'HQ 2' } });
  world.addPrinter('p2', { shares: [{ id: 's', displayName: 'Finance color' }] });
  world.addPrinter('p3', { displayName: 'lab-3' });
  world.addPrinter('p4', { trigger: { id: 't4', definition: { id: 'of-another-app' } } });
}
