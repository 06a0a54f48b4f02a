import { randomUUID } from 'node:crypto';
import type { ControlClient } from './graphSimulator/control/controlClient';

/** Runs one CLI command and returns the JSON that it printed. */
export type RunCommand = (...args: string[]) => Promise<unknown>;

export interface Customer {
  readonly name: string;
  readonly tenantId: string;
  readonly printerId: string;
}

/** A customer whose jobs wait for the app: definition, trigger (created by an administrator), watch. */
export async function onboardJobStarted(
  control: ControlClient,
  run: RunCommand,
  name: string,
  ...scenarios: readonly string[]
): Promise<Customer> {
  const customer = await onboard(control, run, name, ['JobStarted', ...scenarios]);
  const { tenantId, printerId } = customer;
  const created = await run('definitions', 'create', '--tenant', tenantId, '--name', 'Receiver');
  const definitionId = fieldOf(created, 'id');
  if (typeof definitionId !== 'string') throw new Error('definitions create --json printed no id');
  await control.createTrigger(tenantId, { printerId, definitionId });
  await run('subscriptions', 'add', '--tenant', tenantId, '--definition', definitionId);
  return customer;
}

/** A customer whose jobs the app fetches when they are ready for download. */
export async function onboardJobFetchable(control: ControlClient, run: RunCommand, name: string): Promise<Customer> {
  const customer = await onboard(control, run, name, ['JobFetchable']);
  await run('subscriptions', 'add', '--tenant', customer.tenantId, '--printer', customer.printerId);
  return customer;
}

/** The customer's administrator consents only to the permissions that `tenants add` names for the scenarios. */
async function onboard(
  control: ControlClient,
  run: RunCommand,
  name: string,
  wanted: readonly string[],
): Promise<Customer> {
  const tenantId = randomUUID();
  const scenarios = fieldOf(await run('tenants', 'add', tenantId, '--name', name), 'permissions');
  const roles = (Array.isArray(scenarios) ? scenarios : [])
    .filter((one) => wanted.some((scenario) => String(fieldOf(one, 'scenario')).includes(scenario)))
    .flatMap((one) => fieldOf(one, 'permissions'));
  if (roles.length === 0) throw new Error(`tenants add --json printed no permissions for ${wanted.join(', ')}`);
  await control.createTenant({ tenantId, name, roles: [...new Set(roles.map(String))] });
  const { id: printerId } = await control.createPrinter(tenantId, { displayName: 'Reception' });
  return { name, tenantId, printerId };
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
