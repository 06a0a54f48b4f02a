import type { Command } from 'commander';
import type { Config } from '../shared/config';
import { consentUrl } from '../shared/consent/consentLink';
import { TRIGGER_PERMISSIONS } from '../shared/graph/api/taskTriggers';
import { tryPermissions, type PermissionCheck } from '../shared/graph/api/permissions';
import { listHeldKeys } from '../shared/operations/endHeldJobs';
import { resumeTenant } from '../shared/subscriptions/manage';
import { newTenant, type Tenant } from '../shared/tenants/tenants';
import { nameArgument, notListed, tenantArgument } from './arguments';
import { consentScriptCommand } from './consentScript';
import type { CliContext } from './context';
import { describeLacking, lackingPermissions, type LackingPermission } from './lackingPermissions';
import { example, JSON_HELP, plural, warn, type JsonOption } from './output';
import { removeTenantVerb, type RemoveOptions } from './removeTenant';
import { readRulesInForce } from './rulesInForce';
import { SIGN_IN_HELP } from './triggers';

const TENANT = '11111111-1111-1111-1111-111111111111';

/**
 * The least application permissions of Microsoft Graph for each purpose
 * (api/subscription-post-subscriptions.md and the pages of the print calls). A flow needs its whole row: the app reads
 * every job and its sweep lists jobs.
 */
export const SCENARIOS: readonly { scenario: string; permissions: readonly string[] }[] = [
  {
    scenario: 'Receive JobStarted, release jobs',
    permissions: ['PrintTaskDefinition.ReadWrite.All', 'PrintJob.ReadBasic.All', 'Printer.Read.All'],
  },
  { scenario: 'Receive JobFetchable', permissions: ['PrintJob.ReadBasic.All', 'Printer.Read.All'] },
  { scenario: 'Read jobs', permissions: ['PrintJob.ReadBasic.All', 'Printer.Read.All'] },
  {
    scenario: 'Read jobs of pull print printers',
    permissions: ['PrintJob.ReadBasic.All', 'PullPrintPrinter.Read.All'],
  },
  { scenario: 'Read documents', permissions: ['PrintJob.Read.All', 'Printer.Read.All'] },
  { scenario: 'Change or abort jobs', permissions: ['PrintJob.ReadWriteBasic.All', 'Printer.Read.All'] },
  { scenario: 'Redirect jobs', permissions: ['PrintJob.Manage.All', 'Printer.Read.All'] },
];

/** The permissions of a Printer Administrator who signs in for `triggers`: Graph accepts these calls from no app. */
export const DELEGATED_PERMISSIONS: readonly string[] = Object.values(TRIGGER_PERMISSIONS);

/** The group `tenants`: the allow-list of customers. */
export function tenantsCommand(group: Command, context: CliContext): void {
  group.description('Manage the allow-list of customers');
  const onOne = (name: string, description: string) =>
    group
      .command(name)
      .description(description)
      .argument('<tenantId>', "GUID of the customer's Entra tenant", tenantArgument)
      .option('--json', JSON_HELP);
  onOne('add', 'Add a customer to the allow-list and show the consent link and the permissions')
    .requiredOption('--name <text>', 'name of the customer', nameArgument)
    .addHelpText('after', example(`tenants add ${TENANT} --name "First customer"`))
    .action((tenantId: string, options: JsonOption & { name: string }) => add(context, tenantId, options));
  group
    .command('list')
    .description('List all customers')
    .option('--json', JSON_HELP)
    .addHelpText('after', example('tenants list'))
    .action((options: JsonOption) => list(context, options));
  onOne('show', 'Show one customer and test which permissions it has granted')
    .addHelpText('after', example(`tenants show ${TENANT}`))
    .action((tenantId: string, options: JsonOption) => show(context, tenantId, options));
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
  onOne('remove', 'Remove a customer with its subscriptions and watches')
    .option('--ledger', 'also delete its ledger rows (the record of its jobs)')
    .option('--force', 'skip the check for triggers, which needs a sign-in, and continue while jobs are held')
    .option('--yes', 'skip the confirmation')
    .addHelpText(
      'after',
      `${SIGN_IN_HELP}\n\nThe command fails while a printer has a trigger of this app. Each new job there would wait until the sweep\nreleases it, and without end once the app itself is gone.\n${example(`tenants remove ${TENANT}`, `tenants remove ${TENANT} --force --ledger --yes`)}`,
    )
    .action((tenantId: string, options: RemoveOptions) => removeTenantVerb(context, tenantId, options));
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
  if (options.json) {
    context.terminal.json({ ...tenant, added, ...onboardingFacts(config, tenantId, context.now()) });
    return;
  }
  const state = added ? 'is now on the allow-list' : `is already on the allow-list (${tenant.status})`;
  context.terminal.print(`Tenant ${tenantId} (${tenant.name}) ${state}.`, '');
  printNextSteps(context, config, tenantId);
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

/** `tenants show`: the row of a customer, the permissions that it has granted, found by trying them, and what its rules lack. */
async function show(context: CliContext, tenantId: string, options: JsonOption): Promise<void> {
  const { terminal } = context;
  const services = await context.services();
  const config = await services.config();
  const tenant = await (await services.tenants()).get(tenantId);
  if (!tenant) throw notListed(tenantId);
  const checks = await tryPermissions((await services.graph()).callGraph, tenantId);
  const missing = checks.filter(({ state }) => state === 'missing').map(({ permission }) => permission);
  const inForce = await readRulesInForce(context, tenantId);
  const rules = inForce && { blob: inForce.blob, lacking: lackingPermissions(inForce.document, checks) };
  if (options.json) {
    const facts = onboardingFacts(config, tenantId, context.now());
    return terminal.json({ ...tenant, ...facts, checks, missing, ...(rules ? { rules } : {}) });
  }
  const rows = SCENARIOS.map(({ scenario, permissions }) => [
    scenario,
    permissions.join(', '),
    describeState(permissions, checks),
  ]);
  const advice =
    'Add what you need to the app registration as application permissions, then have the customer consent.';
  const details = new Set(checks.flatMap(({ detail }) => detail ?? []));
  terminal.fields(Object.assign({ tenantId, name: tenant.name }, tenant));
  terminal.print('');
  terminal.table(['scenario', 'permissions', 'result'], rows);
  terminal.print('');
  if (rules) terminal.print(...describeRules(rules), '');
  if (missing.length > 0) terminal.print(`Missing: ${missing.join(', ')}. ${advice}`, '');
  for (const detail of details) terminal.print(`Unknown: ${detail}`, '');
  printConsent(context, config, tenantId);
}

function describeRules({ blob, lacking }: { blob: string; lacking: readonly LackingPermission[] }): string[] {
  if (lacking.length === 0) return [`Rules: ${blob} has all permissions that it needs.`];
  return [`Rules: ${blob} lacks permissions:`, ...lacking.map((one) => `  ${describeLacking(one)}`)];
}

/** The state of a scenario: the worst state of its permissions. */
function describeState(permissions: readonly string[], checks: readonly PermissionCheck[]): string {
  const states = permissions.map((name) => checks.find(({ permission }) => permission === name)?.state);
  const missing = permissions.filter((_name, index) => states[index] === 'missing');
  if (missing.length > 0) return `missing ${missing.join(', ')}`;
  return states.every((state) => state === 'granted') ? 'granted' : 'unknown';
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

/** The facts that an onboarding needs, for `--json`. */
function onboardingFacts(config: Config, tenantId: string, now: number) {
  return {
    consentUrl: consentUrl(config, tenantId, now),
    permissions: SCENARIOS,
    delegatedPermissions: DELEGATED_PERMISSIONS,
  };
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
    `To manage triggers with this command line, a Printer Administrator signs in. That needs the delegated permissions ${DELEGATED_PERMISSIONS.join(' and ')}, and public client flows.`,
    '',
    `Next: definitions create --tenant ${tenantId} --name <text>, or subscriptions add --tenant ${tenantId} --printer <id>`,
  );
}

function printConsent({ terminal, now }: CliContext, config: Config, tenantId: string): void {
  terminal.print(
    'An administrator of the customer opens this link and consents (again whenever the permissions change):',
    `  ${consentUrl(config, tenantId, now())}`,
  );
}
