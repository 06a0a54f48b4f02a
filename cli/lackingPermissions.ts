import { tryPermissions, type PermissionCheck } from '../shared/graph/api/permissions';
import type { RulesDocument } from '../shared/rules/document';
import { neededPermissions, type NeededPermission } from '../shared/rules/neededPermissions';
import type { CliContext } from './context';

/** A permission that rules need and a tenant has not granted, as far as a try shows. */
export interface LackingPermission extends NeededPermission {
  state: 'missing' | 'unknown';
}

/** The permissions in `checks` that rules need and that are not known to be granted. */
export function lackingPermissions(document: RulesDocument, checks: readonly PermissionCheck[]): LackingPermission[] {
  return neededPermissions(document).flatMap((needed) => {
    const state = checks.find(({ permission }) => permission === needed.permission)?.state ?? 'unknown';
    return state === 'granted' ? [] : [{ ...needed, state }];
  });
}

/** As `lackingPermissions`, by one call to Graph for each permission that the rules need. */
export async function tryNeededPermissions(
  { services }: Pick<CliContext, 'services'>,
  tenantId: string,
  document: RulesDocument,
): Promise<LackingPermission[]> {
  const { callGraph } = await (await services()).graph();
  const wanted = neededPermissions(document).map(({ permission }) => permission);
  return lackingPermissions(document, await tryPermissions(callGraph, tenantId, wanted));
}

/** One line: the permission and what needs it. */
export function describeLacking({ permission, neededFor, state }: LackingPermission): string {
  const shown = neededFor.slice(0, MOST_REASONS).join(', ');
  const more = neededFor.length > MOST_REASONS ? ` and ${neededFor.length - MOST_REASONS} more` : '';
  return `${permission} for ${shown}${more} ${state === 'missing' ? 'is missing' : 'could not be tested'}`;
}

const MOST_REASONS = 5;
