import type { Command } from 'commander';
import type { Config } from '../shared/config';
import { consentUrl } from '../shared/consent/consentLink';
import { listHeldKeys } from '../shared/operations/endHeldJobs';
import { resumeTenant } from '../shared/subscriptions/manage';
import { newTenant, type Tenant } from '../shared/tenants/tenants';
import { deviceCodeOption, SIGN_IN_HELP } from './administrator';
import { nameArgument, notListed, TENANT_HELP, tenantArgument } from './arguments';
import { consentScriptCommand } from './consentScript';
import type { CliContext } from './context';
import { tokenCommand } from './deviceTokens';
import { eraseUserCommand } from './eraseUser';
import { example, JSON_HELP, plural, warn, type JsonOption } from './output';
import { removeTenantVerb, type RemoveOptions } from './removeTenant';
import { readRulesInForce } from './rulesInForce';
import { DELEGATED_PERMISSIONS, onboardingFacts, printConsent, SCENARIOS } from './scenarios';
import { setTenantCommand } from './setTenant';
import { showTenant } from './showTenant';

const TENANT = '11111111-1111-1111-1111-111111111111';

/** The group `tenants`: the allow-list of customers. */
export function tenantsCommand(group: Command, context: CliContext): void {
  group.description('Manage the allow-list of customers');
  const onOne = (name: string, description: string) =>
    group
      .command(name)
      .description(description)
      .argument('<tenant>', TENANT_HELP, nameArgument)
      .option('--json', JSON_HELP);
  group
    .command('add')
    .description('Add a customer to the allow-list and show the consent link and the permissions')
    .argument('<tenantId>', "GUID of the customer's Entra tenant", tenantArgument)
    .requiredOption('--name <text>', 'name of the customer', nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example(`tenants add ${TENANT} --name "First customer"`))
    .action((tenantId: string, options: JsonOption & { name: string }) => add(context, tenantId, options));
  onOne('rename', 'Change the name of a customer')
    .requiredOption('--name <text>', 'name of the customer', nameArgument)
    .addHelpText('after', example(`tenants rename ${TENANT} --name "First customer"`))
    .action((tenantId: string, options: JsonOption & { name: string }) => rename(context, tenantId, options));
  group
    .command('list')
    .description('List all customers')
    .option('--json', JSON_HELP)
    .addHelpText('after', example('tenants list'))
    .action((options: JsonOption) => list(context, options));
  onOne('show', 'Show one customer and test which permissions it has granted')
    .addHelpText('after', example(`tenants show ${TENANT}`))
    .action((tenantId: string, options: JsonOption) => showTenant(context, tenantId, options));
  setTenantCommand(onOne('set', 'Change how long data of a customer is kept, and its task deadline'), context);
  onOne('consent-url', 'Print the link that an administrator of the customer opens to consent')
    .addHelpText('after', example(`tenants consent-url ${TENANT}`))
    .action((tenantId: string, options: JsonOption) => showConsentUrl(context, tenantId, options));
  consentScriptCommand(
    onOne('consent-script', 'Print a script with which the customer grants single app roles in place of a consent'),
    context,
  );
  onOne('pause', 'Pause a customer: jobs still print, no events are sent')
    .addHelpText('after', example(`tenants pause ${TENANT}`))
    .action((tenantId: string, options: JsonOption) => pause(context, tenantId, options));
  onOne('resume', 'Resume a paused customer: new jobs send events again')
    .addHelpText('after', example(`tenants resume ${TENANT}`))
    .action((tenantId: string, options: JsonOption) => resume(context, tenantId, options));
  onOne('remove', 'Remove a customer with its subscriptions, watches, rules, device tokens and archived documents')
    .option('--ledger', 'also delete its ledger rows (the record of its jobs)')
    .option('--force', 'skip the check for triggers, which needs a sign-in, and continue while jobs are held')
    .addOption(deviceCodeOption())
    .option('--yes', 'skip the confirmation')
    .addHelpText(
      'after',
      `${SIGN_IN_HELP}\n\nThe command fails while a printer has a trigger of this app. Each new job there would wait until the sweep\nreleases it, and without end once the app itself is gone.\n${example(`tenants remove ${TENANT}`, `tenants remove ${TENANT} --force --ledger --yes`)}`,
    )
    .action((tenantId: string, options: RemoveOptions) => removeTenantVerb(context, tenantId, options));
  eraseUserCommand(group, context);
  tokenCommand(group.command('token'), context);
}

async function add(context: CliContext, tenantId: string, options: JsonOption & { name: string }): Promise<void> {
  const services = await context.services();
  const config = await services.config();
  const tenants = await services.tenants();
  const rules = await readRulesInForce(context, tenantId);
  const wanted = newTenant({
    tenantId,
    name: options.name,
    createdAt: new Date(context.now()).toISOString(),
    ...(rules ? { onFailure: rules.document.onFailure } : {}),
  });
  let added = await tenants.add(wanted);
  // A removed customer is added as a new one.
  const stored = await tenants.update(tenantId, (row) => {
    if (row.status !== 'removed') return row;
    added = true;
    return wanted;
  });
  const tenant = stored ?? wanted;
  if (!added && tenant.name !== options.name) {
    context.terminal.warn(
      `The name of tenant ${tenantId} stays "${tenant.name}". To change it: tenants rename ${tenantId} --name ${nameWord(options.name)}`,
    );
  }
  if (options.json) {
    context.terminal.json({ ...tenant, added, ...onboardingFacts(config, tenantId, context.now()) });
    return;
  }
  const state = added ? 'is now on the allow-list' : `is already on the allow-list (${tenant.status})`;
  context.terminal.print(`Tenant ${tenantId} (${tenant.name}) ${state}.`, '');
  printNextSteps(context, config, tenantId);
}

/** A name as it can be pasted into any shell. */
function nameWord(name: string): string {
  return /^[\p{L}\p{N} .,_-]+$/u.test(name) ? `"${name}"` : '<text>';
}

async function rename(
  { terminal, services }: CliContext,
  tenantId: string,
  { name, json }: JsonOption & { name: string },
): Promise<void> {
  let before = '';
  const tenant = await (
    await (await services()).tenants()
  ).update(tenantId, (row) => {
    before = row.name;
    // A removed customer is added again with its new name.
    return row.status === 'removed' ? row : { ...row, name };
  });
  if (!tenant || tenant.status === 'removed') throw notListed(tenantId, tenant !== undefined);
  if (json) return terminal.json(tenant);
  terminal.print(
    before === name
      ? `The name of tenant ${tenantId} is "${name}" already.`
      : `Renamed tenant ${tenantId} from "${before}" to "${name}".`,
  );
}

async function list({ terminal, services }: CliContext, options: JsonOption): Promise<void> {
  const found: Tenant[] = [];
  for await (const tenant of (await (await services()).tenants()).list(warn(terminal))) found.push(tenant);
  if (options.json) return terminal.json(found);
  if (found.length === 0) {
    return terminal.print('No customer is on the allow-list. Add one: tenants add <tenantId> --name <text>');
  }
  const rows = found.map(({ tenantId, name, status, createdAt }) => [tenantId, name, status, createdAt]);
  terminal.table(['tenant', 'name', 'status', 'since'], rows);
}

async function showConsentUrl(context: CliContext, tenantId: string, options: JsonOption): Promise<void> {
  const url = consentUrl(await (await context.services()).config(), tenantId, context.now());
  if (options.json) return context.terminal.json({ tenantId, consentUrl: url });
  context.terminal.print(url);
}

async function pause({ terminal, services }: CliContext, tenantId: string, options: JsonOption): Promise<void> {
  const opened = await services();
  const tenants = await opened.tenants();
  const heldJobs = (await listHeldKeys(await opened.ledger(), tenantId, warn(terminal))).length;
  if (heldJobs > 0) {
    const what = `${plural(heldJobs, 'job')} of tenant ${tenantId} ${heldJobs === 1 ? 'is' : 'are'} held`;
    terminal.warn(
      `${what}, until a person decides or the hold ends. While the tenant is paused, the end sends no event.`,
    );
  }
  const tenant = await tenants.update(tenantId, (row) =>
    row.status === 'active' ? { ...row, status: 'paused' } : row,
  );
  if (tenant?.status !== 'paused') throw notListed(tenantId, tenant !== undefined);
  if (options.json) return terminal.json({ ...tenant, heldJobs });
  terminal.print(
    `Paused tenant ${tenantId} (${tenant.name}). Jobs still print, no events are sent. To resume: tenants resume ${tenantId}`,
  );
}

async function resume({ terminal, services, now }: CliContext, tenantId: string, options: JsonOption): Promise<void> {
  const opened = await services();
  const deps = { tenants: await opened.tenants(), watches: await opened.watches() };
  const tenant = await resumeTenant(deps, tenantId, now());
  if (tenant?.status !== 'active') throw notListed(tenantId, tenant !== undefined);
  if (options.json) return terminal.json(tenant);
  terminal.print(
    `Tenant ${tenantId} (${tenant.name}) is active. New jobs send events. Expired subscriptions are recreated within ten minutes.`,
  );
}

/** The steps after `tenants add`: consent, permissions, next command. */
function printNextSteps(context: CliContext, config: Config, tenantId: string): void {
  const { terminal } = context;
  const rows = SCENARIOS.map(({ scenario, permissions }) => [scenario, permissions.join(', ')]);
  printConsent(context, config, tenantId);
  terminal.print(
    '',
    'The app registration needs these application permissions of Microsoft Graph, depending on what you use:',
  );
  terminal.table(['scenario', 'permissions'], rows);
  terminal.print(
    '',
    `To manage triggers with this command line, a Printer Administrator signs in. That needs the delegated permissions ${DELEGATED_PERMISSIONS.join(' and ')}, and the redirect URI http://localhost.`,
    '',
    `Next: definitions create --tenant ${tenantId} --name <text>, or subscriptions add --tenant ${tenantId} --printer <id>`,
  );
}
