import type { Command } from 'commander';
import { consentUrl } from '../shared/consent/consentUrl';
import { newTenant, type Tenant } from '../shared/tenants/tenants';
import { resumeTenant } from '../shared/subscriptions/manage';
import { SIGN_IN_HELP } from './administratorGraph';
import { nameArgument, tenantArgument } from './arguments';
import type { CliContext } from './cliContext';
import { notListed } from './notListed';
import { nextSteps, onboarding } from './onboarding';
import { example, formatTable, JSON_HELP, writeJson } from './output';
import { removeTenantVerb, type RemoveOptions } from './removeTenantVerb';
import { showTenant } from './showTenant';

interface JsonOption {
  json?: true;
}

const TENANT = '11111111-1111-1111-1111-111111111111';

/** The group `tenants`: the allow-list of customers. */
export function tenantsCommand(group: Command, context: CliContext): void {
  group.description('the customers that are served: the allow-list');
  const onOne = (name: string, description: string) =>
    group
      .command(name)
      .description(description)
      .argument('<tenantId>', "GUID of the customer's Entra tenant", tenantArgument);
  onOne('add', 'put a customer on the allow-list; shows the consent link and the permissions')
    .requiredOption('--name <text>', 'name of the customer, for people', nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example(`tenants add ${TENANT} --name "First customer"`))
    .action((tenantId: string, options: JsonOption & { name: string }) => add(context, tenantId, options));
  group
    .command('list')
    .description('show all customers')
    .option('--json', JSON_HELP)
    .addHelpText('after', example('tenants list'))
    .action((options: JsonOption) => list(context, options));
  onOne('show', 'show one customer, and try which permissions it has granted')
    .option('--json', JSON_HELP)
    .addHelpText('after', example(`tenants show ${TENANT}`))
    .action((tenantId: string, options: JsonOption) => showTenant(context, tenantId, options));
  onOne('consent-url', 'print the link by which an administrator of the customer consents')
    .option('--json', JSON_HELP)
    .addHelpText('after', example(`tenants consent-url ${TENANT}`))
    .action((tenantId: string, options: JsonOption) => showConsentUrl(context, tenantId, options));
  onOne('pause', 'serve a customer no more for now: its jobs print, and no event is sent')
    .option('--json', JSON_HELP)
    .addHelpText('after', example(`tenants pause ${TENANT}`))
    .action((tenantId: string, options: JsonOption) => pause(context, tenantId, options));
  onOne('resume', 'serve a paused customer again, from now on')
    .option('--json', JSON_HELP)
    .addHelpText('after', example(`tenants resume ${TENANT}`))
    .action((tenantId: string, options: JsonOption) => resume(context, tenantId, options));
  onOne('remove', 'stop serving a customer for good: takes its subscriptions and watches')
    .option('--ledger', 'delete what is remembered of its jobs too')
    .option('--force', 'do not look for triggers, so nobody signs in')
    .option('--yes', 'do not ask')
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      `${SIGN_IN_HELP}\n\nIt refuses while a trigger of this app is on a printer: each job there would wait until the sweep\nreleases it, and for ever once the app itself is gone.\n${example(`tenants remove ${TENANT}`, `tenants remove ${TENANT} --force --ledger --yes`)}`,
    )
    .action((tenantId: string, options: RemoveOptions) => removeTenantVerb(context, tenantId, options));
}

async function add(
  context: CliContext,
  tenantId: string,
  options: JsonOption & { name: string },
): Promise<void> {
  const services = await context.services();
  const config = await services.config();
  const tenants = await services.tenants();
  const wanted = newTenant({
    tenantId,
    name: options.name,
    createdAt: new Date(context.io.now()).toISOString(),
  });
  let added = await tenants.add(wanted);
  // A customer that was removed comes back as a new one.
  const stored = await tenants.update(tenantId, (row) => {
    if (row.status !== 'removed') return row;
    added = true;
    return wanted;
  });
  const tenant = stored ?? wanted;
  if (options.json) {
    writeJson(context.io.stdout, { ...tenant, added, ...onboarding(config, tenantId) });
    return;
  }
  const state = added ? 'is now on the allow-list' : `was on the allow-list already (${tenant.status})`;
  context.io.stdout(`Tenant ${tenantId} (${tenant.name}) ${state}.\n\n${nextSteps(config, tenantId)}`);
}

async function list(context: CliContext, options: JsonOption): Promise<void> {
  const found: Tenant[] = [];
  const tenants = await (await context.services()).tenants();
  const tell = (error: Error) => context.io.stderr(`warning: ${error.message}\n`);
  for await (const tenant of tenants.list(tell)) found.push(tenant);
  if (options.json) return writeJson(context.io.stdout, found);
  if (found.length === 0) {
    return context.io.stdout(
      'No customer is on the allow-list. Add one with: tenants add <tenantId> --name <text>\n',
    );
  }
  const rows = found.map(({ tenantId, name, status, createdAt }) => [tenantId, name, status, createdAt]);
  context.io.stdout(formatTable(['tenant', 'name', 'status', 'since'], rows));
}

async function showConsentUrl(context: CliContext, tenantId: string, options: JsonOption): Promise<void> {
  const url = consentUrl(await (await context.services()).config(), tenantId);
  if (options.json) return writeJson(context.io.stdout, { tenantId, consentUrl: url });
  context.io.stdout(`${url}\n`);
}

async function pause(context: CliContext, tenantId: string, options: JsonOption): Promise<void> {
  const tenants = await (await context.services()).tenants();
  const tenant = await tenants.update(tenantId, (row) =>
    row.status === 'active' ? { ...row, status: 'paused' } : row,
  );
  tell(
    context,
    tenantId,
    tenant,
    'paused',
    options,
    'Its jobs print without events. Go on with: tenants resume',
  );
}

async function resume(context: CliContext, tenantId: string, options: JsonOption): Promise<void> {
  const services = await context.services();
  const deps = { tenants: await services.tenants(), watches: await services.watches() };
  const tenant = await resumeTenant(deps, tenantId, context.io.now());
  const words = 'Jobs from now on are served; subscriptions that lapsed are made anew within minutes.';
  tell(context, tenantId, tenant, 'active', options, words);
}

/** Says how the tenant stands now; a tenant that has been removed is an error. */
function tell(
  { io }: CliContext,
  tenantId: string,
  tenant: Tenant | undefined,
  status: string,
  options: JsonOption,
  words: string,
): void {
  if (tenant?.status !== status) throw notListed(tenantId, tenant !== undefined);
  if (options.json) return writeJson(io.stdout, tenant);
  io.stdout(`Tenant ${tenantId} (${tenant.name}) is ${status}. ${words}\n`);
}
