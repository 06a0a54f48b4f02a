import { eachBounded } from '../shared/concurrency';
import type { RulesDocument } from '../shared/rules/document';
import { rulesBlobOf } from '../shared/rules/storedRules';
import type { Tenant } from '../shared/tenants/tenants';
import type { CliContext, CliServices } from './context';
import { describeLacking, tryNeededPermissions, type LackingPermission } from './lackingPermissions';
import { reportProgress, warn } from './output';

/** Tenants side by side: each costs up to five calls to Graph and two to storage. */
const TENANTS_AT_ONCE = 8;

/** What the rules that were stored mean for their tenants. */
export interface AppliedRules {
  /** Tenants whose row has a new `onFailure`. */
  changed: number;
  /** Tenants that have not granted what the rules need. */
  lacking: { tenantId: string; name: string; permissions: LackingPermission[] }[];
}

/**
 * Copies `onFailure` to the row of each tenant that the rules apply to, and tests whether it has granted the permissions that
 * they need. A tenant that was removed is not tested. Can be repeated.
 *
 * @param tenantId undefined for the default rules, which apply to every tenant without rules of its own
 */
export async function applyRules(
  context: CliContext,
  tenantId: string | undefined,
  document: RulesDocument,
): Promise<AppliedRules> {
  const services = await context.services();
  const tenants = await services.tenants();
  const applied: AppliedRules = { changed: 0, lacking: [] };
  const onProgress = reportProgress(context.terminal, 50, (done) => `${done} tenants done`);
  let done = 0;
  await eachBounded(TENANTS_AT_ONCE, await tenantsOf(services, context, tenantId), async ({ tenantId: id }) => {
    if (tenantId === undefined && (await hasOwnRules(services, id))) return;
    let hasChanged = false;
    const tenant = await tenants.update(id, (row) => {
      hasChanged = row.onFailure !== document.onFailure;
      return hasChanged ? { ...row, onFailure: document.onFailure } : row;
    });
    if (hasChanged) applied.changed += 1;
    if (tenant && tenant.status !== 'removed') {
      const permissions = await tryNeededPermissions(context, id, document);
      if (permissions.length > 0) applied.lacking.push({ tenantId: id, name: tenant.name, permissions });
    }
    done += 1;
    onProgress(done);
  });
  return applied;
}

/** One warning for each tenant, with a line for each permission. */
export function warnOfLacking({ terminal }: CliContext, { lacking }: AppliedRules): void {
  for (const { tenantId, name, permissions } of lacking) {
    const lines = permissions.map((permission) => `  ${describeLacking(permission)}`);
    terminal.warn(
      `Tenant ${tenantId} (${name}) lacks permissions that its rules need:`,
      ...lines,
      `  See tenants show ${tenantId} and docs/permissions.md.`,
    );
  }
}

async function tenantsOf(services: CliServices, { terminal }: CliContext, tenantId: string | undefined) {
  const tenants = await services.tenants();
  const found: Pick<Tenant, 'tenantId'>[] = [];
  if (tenantId !== undefined) return [{ tenantId }];
  for await (const { tenantId: id } of tenants.list(warn(terminal))) found.push({ tenantId: id });
  return found;
}

/** Whether a tenant has rules of its own, so that the default ones do not apply. */
export async function hasOwnRules(services: Pick<CliServices, 'configBlobs'>, tenantId: string): Promise<boolean> {
  return (await (await services.configBlobs()).read(rulesBlobOf(tenantId), { mostBytes: 1 })) !== undefined;
}
