import { randomUUID } from 'node:crypto';
import type { ControlClient } from '../graphSimulator/control/controlClient';

export interface DemoCustomer {
  name: string;
  tenantId: string;
  printerId: string;
}

export interface StartedCustomer extends DemoCustomer {
  definitionId: string;
}

/** Runs one CLI command and gives what it printed. */
export type RunCommand = (...args: string[]) => Promise<unknown>;

/** A customer whose jobs wait for the app: allow-list, definition, trigger (which takes an administrator), watch. */
export async function onboardJobStarted(
  control: ControlClient,
  run: RunCommand,
  name: string,
): Promise<StartedCustomer> {
  const customer = await onboard(control, run, name, 'Hear of JobStarted');
  const { tenantId, printerId } = customer;
  const definitionId = readId(await run('definitions', 'create', '--tenant', tenantId, '--name', 'Receiver'));
  await control.createTrigger(tenantId, { printerId, definitionId });
  await run('subscriptions', 'add', '--tenant', tenantId, '--definition', definitionId);
  return { ...customer, definitionId };
}

/** A customer whose jobs the app fetches once they are ready. */
export async function onboardJobFetchable(
  control: ControlClient,
  run: RunCommand,
  name: string,
): Promise<DemoCustomer> {
  const customer = await onboard(control, run, name, 'Hear of JobFetchable');
  await run('subscriptions', 'add', '--tenant', customer.tenantId, '--printer', customer.printerId);
  return customer;
}

/** The customer's administrator consents to what `tenants add` names for the scenario, and to nothing else. */
async function onboard(
  control: ControlClient,
  run: RunCommand,
  name: string,
  scenario: string,
): Promise<DemoCustomer> {
  const tenantId = randomUUID();
  const roles = readPermissions(await run('tenants', 'add', tenantId, '--name', name), scenario);
  await control.createTenant({ tenantId, name, roles });
  const { id: printerId } = await control.createPrinter(tenantId, { displayName: 'Reception' });
  return { name, tenantId, printerId };
}

function readPermissions(printed: unknown, scenario: string): string[] {
  const rows = isObject(printed) && Array.isArray(printed['permissions']) ? printed['permissions'] : [];
  for (const row of rows as unknown[]) {
    if (!isObject(row) || !String(row['scenario']).startsWith(scenario)) continue;
    if (Array.isArray(row['permissions'])) return row['permissions'].map(String);
  }
  throw new Error(`tenants add --json printed no permissions for "${scenario}"`);
}

function readId(printed: unknown): string {
  if (isObject(printed) && typeof printed['id'] === 'string') return printed['id'];
  throw new Error('definitions create --json printed no id');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
