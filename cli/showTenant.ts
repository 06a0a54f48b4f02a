import { ReceiverError } from '../shared/errors';
import { tryPermissions, type PermissionCheck } from '../shared/graph/api/permissions';
import { notListed } from './arguments';
import type { CliContext } from './context';
import { describeLacking, lackingPermissions, type LackingPermission } from './lackingPermissions';
import type { JsonOption } from './output';
import { readRulesInForce } from './rulesInForce';
import { describeChoices } from './tenantChoices';
import { onboardingFacts, printConsent, SCENARIOS } from './scenarios';

/** `tenants show`: the row of a customer, the permissions that it has granted, found by trying them, and what its rules lack. */
export async function showTenant(context: CliContext, tenantId: string, options: JsonOption): Promise<void> {
  const { terminal } = context;
  const services = await context.services();
  const config = await services.config();
  const tenant = await (await services.tenants()).get(tenantId);
  if (!tenant) throw notListed(tenantId);
  const checks = await tryPermissions((await services.graph()).callGraph, tenantId);
  const missing = checks.filter(({ state }) => state === 'missing').map(({ permission }) => permission);
  // Nothing was found out, for example because Entra refuses the credential of the app.
  if (checks.every(({ state }) => state === 'unknown')) context.markFailed();
  const rules = await readLacking(context, tenantId, checks);
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
  terminal.table(['option', 'value', 'meaning'], describeChoices(tenant));
  terminal.print('');
  terminal.table(['scenario', 'permissions', 'result'], rows);
  terminal.print('');
  if (rules) terminal.print(...describeRules(rules), '');
  if (missing.length > 0) terminal.print(`Missing: ${missing.join(', ')}. ${advice}`, '');
  for (const detail of details) terminal.print(`Unknown: ${detail}`, '');
  printConsent(context, config, tenantId);
}

type Lacking = { blob: string; lacking: readonly LackingPermission[] } | { problem: string };

/** What the rules in force lack, or why they cannot be read. Undefined without rules. */
async function readLacking(
  context: CliContext,
  tenantId: string,
  checks: readonly PermissionCheck[],
): Promise<Lacking | undefined> {
  try {
    const inForce = await readRulesInForce(context, tenantId);
    return inForce && { blob: inForce.blob, lacking: lackingPermissions(inForce.document, checks) };
  } catch (error) {
    if (!(error instanceof ReceiverError)) throw error;
    return { problem: error.message };
  }
}

function describeRules(rules: Lacking): string[] {
  if ('problem' in rules) return [`Rules: ${rules.problem}`];
  const { blob, lacking } = rules;
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
