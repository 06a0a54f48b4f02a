import { fieldOf, type RunCommand } from './demoCustomers';
import type { ControlClient } from './graphSimulator/control/controlClient';
import { withRulesFile } from './rulesFile';

/** The customer of `npm start`, always the same so that commands in the shell's history work again. */
export const FIRST_CUSTOMER = {
  tenantId: 'aaaaaaaa-0000-4000-8000-000000000001',
  name: 'Contoso',
  printers: {
    /** Its jobs wait for the app. */
    waiting: { id: 'bbbbbbbb-0000-4000-8000-000000000001', displayName: 'Reception' },
    /** Its jobs print without waiting. */
    free: { id: 'bbbbbbbb-0000-4000-8000-000000000002', displayName: 'Archive' },
    /** Its jobs wait until they are released, by a rule. */
    held: { id: 'bbbbbbbb-0000-4000-8000-000000000003', displayName: 'Badge release' },
  },
} as const;

/** docs/rules.md explains the language. */
const RULES = {
  version: 1,
  rules: [
    {
      name: 'big jobs',
      on: 'jobStarted',
      when: { copies: { above: 500 } },
      then: { abort: { reason: 'More than 500 copies' } },
    },
    {
      name: 'badge release',
      on: 'jobStarted',
      when: { printer: FIRST_CUSTOMER.printers.held.id },
      then: { hold: { for: '4h', else: 'abort' } },
    },
  ],
};

/** Adds the customer to the simulated world: two printers, and no consent yet. */
export async function addFirstCustomer(control: ControlClient): Promise<void> {
  const { tenantId, name, printers } = FIRST_CUSTOMER;
  await control.createTenant({ tenantId, name, roles: [] });
  await control.createPrinter(tenantId, printers.waiting);
  await control.createPrinter(tenantId, printers.free);
}

/**
 * Onboards the customer with the command line as docs/onboarding.md does, and adds a printer whose jobs are held.
 *
 * @throws with the standard error of the command that failed
 */
export async function onboardFirstCustomer(control: ControlClient, run: RunCommand): Promise<void> {
  const { tenantId, name, printers } = FIRST_CUSTOMER;
  const { waiting, free, held } = printers;
  const tenant = ['--tenant', tenantId] as const;
  await addFirstCustomer(control);
  await control.createPrinter(tenantId, held);
  const scenarios = fieldOf(await run('tenants', 'add', tenantId, '--name', name), 'permissions');
  // The administrator consents to every permission that the command has named.
  const roles = (Array.isArray(scenarios) ? scenarios : []).flatMap((scenario) => fieldOf(scenario, 'permissions'));
  await control.changeTenant(tenantId, { roles: [...new Set(roles.map(String))] });
  // Each command is a process. What does not need another one runs beside it.
  await Promise.all([
    watchTasks(),
    run('subscriptions', 'add', ...tenant, '--printer', free.id),
    withRulesFile(JSON.stringify(RULES, null, 2), (file) => run('rules', 'push', file, ...tenant, '--name', name)),
  ]);

  async function watchTasks(): Promise<void> {
    const definitionId = fieldOf(await run('definitions', 'create', ...tenant, '--name', 'Receiver'), 'id');
    if (typeof definitionId !== 'string') throw new Error('definitions create --json printed no id');
    for (const { id: printerId } of [waiting, held]) await control.createTrigger(tenantId, { printerId, definitionId });
    await run('subscriptions', 'add', ...tenant, '--definition', definitionId);
  }
}
