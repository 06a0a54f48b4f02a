import type { Command } from 'commander';
import type { Config } from '../shared/config';
import { ReceiverError } from '../shared/errors';
import {
  DEFAULT_RETENTION_DAYS,
  DEFAULT_TASK_DEADLINE_MINUTES,
  type Tenant,
} from '../shared/tenants/tenants';
import { nameArgument, tenantArgument } from './arguments';
import type { CliContext } from './cliContext';
import { formatTable, writeJson } from './output';
import { SCENARIOS } from './scenarios';
import { exampleHelp, JSON_HELP } from './verbHelp';

/** The group `tenants`: the allow-list of customers. */
export function tenantsCommand(group: Command, context: CliContext): void {
  group.description('the customers that are served: the allow-list');
  group
    .command('add')
    .description('put a customer on the allow-list; shows the consent link and the permissions')
    .argument('<tenantId>', "GUID of the customer's Entra tenant", tenantArgument)
    .requiredOption('--name <text>', 'name of the customer, for people', nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      exampleHelp('tenants add 11111111-1111-1111-1111-111111111111 --name "First customer"'),
    )
    .action((tenantId: string, options: { name: string; json?: true }) => add(context, tenantId, options));
  group
    .command('list')
    .description('show all customers')
    .option('--json', JSON_HELP)
    .addHelpText('after', exampleHelp('tenants list'))
    .action((options: { json?: true }) => list(context, options));
  group
    .command('show')
    .description('show one customer, its consent link and what it takes')
    .argument('<tenantId>', "GUID of the customer's Entra tenant", tenantArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', exampleHelp('tenants show 11111111-1111-1111-1111-111111111111'))
    .action((tenantId: string, options: { json?: true }) => show(context, tenantId, options));
}

async function add(
  context: CliContext,
  tenantId: string,
  options: { name: string; json?: true },
): Promise<void> {
  const services = await context.services();
  const config = await services.config();
  const tenants = await services.tenants();
  const wanted: Tenant = {
    tenantId,
    name: options.name,
    status: 'active',
    taskDeadlineMinutes: DEFAULT_TASK_DEADLINE_MINUTES,
    retentionDays: DEFAULT_RETENTION_DAYS,
    createdAt: new Date(context.io.now()).toISOString(),
  };
  const added = await tenants.add(wanted);
  const tenant = added ? wanted : ((await tenants.get(tenantId)) ?? wanted);
  if (options.json) {
    writeJson(context.io.stdout, { ...tenant, added, ...onboarding(config, tenantId) });
    return;
  }
  const state = added ? 'is now on the allow-list' : `was on the allow-list already (${tenant.status})`;
  context.io.stdout(`Tenant ${tenantId} (${tenant.name}) ${state}.\n\n${nextSteps(config, tenantId)}`);
}

async function list(context: CliContext, options: { json?: true }): Promise<void> {
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

async function show(context: CliContext, tenantId: string, options: { json?: true }): Promise<void> {
  const services = await context.services();
  const config = await services.config();
  const tenant = await (await services.tenants()).get(tenantId);
  if (!tenant) {
    throw new ReceiverError(
      `Tenant ${tenantId} is not on the allow-list: add it with tenants add ${tenantId} --name <text>`,
      { code: 'tenantNotServed', retryable: false },
    );
  }
  if (options.json) return writeJson(context.io.stdout, { ...tenant, ...onboarding(config, tenantId) });
  const facts = Object.entries(tenant).map(([name, value]) => [name, String(value)]);
  context.io.stdout(`${formatTable(['field', 'value'], facts)}\n${nextSteps(config, tenantId)}`);
}

function onboarding(config: Config, tenantId: string) {
  return { consentUrl: consentUrl(config, tenantId), permissions: SCENARIOS };
}

/** Where an administrator of the customer grants what the app registration asks for (concepts/auth-v2-service.md). */
function consentUrl({ authorityHost, clientId, publicBaseUrl }: Config, tenantId: string): string {
  const query = new URLSearchParams({ client_id: clientId, redirect_uri: `${publicBaseUrl}/consent` });
  return `${authorityHost}/${tenantId}/adminconsent?${query.toString()}`;
}

function nextSteps(config: Config, tenantId: string): string {
  const rows = SCENARIOS.map(({ scenario, permissions }) => [scenario, permissions.join(', ')]);
  return [
    'An administrator of the customer opens this link and consents (again whenever the permissions change):',
    `  ${consentUrl(config, tenantId)}`,
    '',
    'The app registration asks for these application permissions of Microsoft Graph, as far as you need them:',
    formatTable(['scenario', 'permissions'], rows),
    `Next: definitions create --tenant ${tenantId} --name <text>, or subscriptions add --tenant ${tenantId} --printer <id>`,
    '',
  ].join('\n');
}
