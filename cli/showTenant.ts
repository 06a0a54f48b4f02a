import { tryPermissions, type PermissionCheck } from '../shared/graph/api/permissions';
import type { CliContext } from './cliContext';
import { notListed } from './notListed';
import { consentSteps, onboarding } from './onboarding';
import { formatTable, writeJson } from './output';
import { SCENARIOS } from './scenarios';

/** The verb `tenants show`: what is stored of a customer, and what its consent lets the app do, by trying. */
export async function showTenant(
  context: CliContext,
  tenantId: string,
  options: { json?: true },
): Promise<void> {
  const services = await context.services();
  const config = await services.config();
  const tenant = await (await services.tenants()).get(tenantId);
  if (!tenant) throw notListed(tenantId);
  const checks = await tryPermissions((await services.graph()).callGraph, tenantId);
  const missing = checks.filter(({ state }) => state === 'missing').map(({ permission }) => permission);
  if (options.json) {
    return writeJson(context.io.stdout, { ...tenant, ...onboarding(config, tenantId), checks, missing });
  }
  const facts = Object.entries(tenant).map(([name, value]) => [name, String(value)]);
  const rows = SCENARIOS.map(({ scenario, permissions }) => [
    scenario,
    permissions.join(', '),
    stateOf(permissions, checks),
  ]);
  context.io.stdout(
    [
      formatTable(['field', 'value'], facts),
      formatTable(['scenario', 'permissions', 'tried'], rows),
      ...describeMissing(missing),
      ...new Set(checks.flatMap(({ detail }) => (detail === undefined ? [] : [`Unknown: ${detail}\n`]))),
      consentSteps(config, tenantId),
    ].join('\n'),
  );
}

function describeMissing(missing: readonly string[]): string[] {
  if (missing.length === 0) return [];
  return [
    `Missing: ${missing.join(', ')}. Add what you need to the app registration as application permissions, then have the customer consent.\n`,
  ];
}

/** How a scenario stands: as the worst of its permissions. */
function stateOf(permissions: readonly string[], checks: readonly PermissionCheck[]): string {
  const states = permissions.map((name) => checks.find(({ permission }) => permission === name)?.state);
  const missing = permissions.filter((_name, index) => states[index] === 'missing');
  if (missing.length > 0) return `misses ${missing.join(', ')}`;
  return states.every((state) => state === 'granted') ? 'granted' : 'unknown';
}
