import { randomUUID } from 'node:crypto';
import type { ControlClient } from '../graphSimulator/controlClient';

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
  const customer = await onboard(control, run, name);
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
  const customer = await onboard(control, run, name);
  await run('subscriptions', 'add', '--tenant', customer.tenantId, '--printer', customer.printerId);
  return customer;
}

async function onboard(control: ControlClient, run: RunCommand, name: string): Promise<DemoCustomer> {
  const tenantId = randomUUID();
  await control.createTenant({ tenantId, name });
  const { id: printerId } = await control.createPrinter(tenantId, { displayName: 'Reception' });
  await run('tenants', 'add', tenantId, '--name', name);
  return { name, tenantId, printerId };
}

function readId(printed: unknown): string {
  if (typeof printed === 'object' && printed !== null && 'id' in printed && typeof printed.id === 'string') {
    return printed.id;
  }
  throw new Error('definitions create --json printed no id');
}
