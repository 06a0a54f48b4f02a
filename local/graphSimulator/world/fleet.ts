import { randomUUID } from 'node:crypto';
import { newPrinter } from './printers';
import type { Simulation, Tenant } from './simulation';

const BUILDINGS = ['HQ North', 'HQ South', 'Plant', 'Warehouse', 'Lab'];
const CITIES = ['Oslo', 'Lyon', 'Graz'];
const MODELS = [
  ['Contoso', 'Color 300'],
  ['Contoso', 'Mono 100'],
  ['Fabrikam', 'Desk 20'],
] as const;
const FLOORS = 9;

/**
 * Adds so many printers, each with a share, a model and a location (resources/printerlocation.md: `floor` is a number as text).
 * They differ by their number: the buildings, floors, cities and models come in turn.
 *
 * @returns their ids
 */
export function addFleet(simulation: Simulation, tenant: Tenant, count: number): string[] {
  const first = tenant.printers.size + 1;
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    const building = BUILDINGS[number % BUILDINGS.length] ?? '';
    const [manufacturer, model] = MODELS[number % MODELS.length] ?? ['', ''];
    const id = randomUUID();
    const city = CITIES[number % CITIES.length];
    const location = { building, floor: String((number % FLOORS) + 1), city, organization: ['Contoso', building] };
    const printer = newPrinter(simulation, tenant, id, `Printer ${String(number)}`);
    tenant.printers.set(id, { ...printer, manufacturer, model, location });
    const share = { id: randomUUID(), displayName: `${building} ${String(number)}`, printerId: id };
    tenant.shares.set(share.id, share);
    return id;
  });
}
