import { noticePermissionChange } from './lifecycleNotices';
import { allRoles } from './permissions';
import type { Reply } from './reply';
import type { Simulation } from './simulation';
import { tokenError } from './tokenError';

/**
 * Answers the admin-consent link by sending the browser back to its redirect_uri (concepts/auth-v2-service.md). The
 * administrator agrees at once, or not, by variant; agreeing gives every role of the registration.
 */
export function answerAdminConsent(simulation: Simulation, tenantId: string, query: URLSearchParams): Reply {
  const refuse = (number: number, text: string) =>
    tokenError(simulation, 400, 'invalid_request', number, text);
  const tenant = simulation.world.tenants.get(tenantId);
  if (!tenant) return refuse(90002, `Tenant '${tenantId}' not found.`);
  if ((query.get('client_id') ?? '') === '') return refuse(900144, "The request must contain 'client_id'.");
  let target: URL;
  try {
    target = new URL(query.get('redirect_uri') ?? '');
  } catch {
    return refuse(900971, 'No reply address provided.');
  }
  const state = query.get('state');
  if (simulation.variants.adminConsent === 'deny') {
    target.searchParams.set('error', 'access_denied');
    target.searchParams.set('error_description', 'AADSTS65004: User declined to consent to access the app.');
  } else {
    tenant.roles = new Set(allRoles);
    tenant.consentRevoked = false;
    noticePermissionChange(simulation, tenant.id);
    target.searchParams.set('tenant', tenant.id);
    target.searchParams.set('admin_consent', 'True');
    const scope = query.get('scope');
    if (scope !== null) target.searchParams.set('scope', scope);
  }
  if (state !== null) target.searchParams.set('state', state);
  return { status: 302, headers: { location: target.href } };
}
