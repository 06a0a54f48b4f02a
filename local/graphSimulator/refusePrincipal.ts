import type { Principal } from './authenticate';
import { missingRole } from './permissions';
import type { Route } from './routes';

/** Says in words why the caller may not make the call (permission table of the route's page), or undefined. */
export function refusePrincipal(
  route: Pick<Route, 'access' | 'page' | 'scopes'>,
  principal: Principal,
): string | undefined {
  const { access, page, scopes } = route;
  if (access === 'signedIn') return undefined;
  if (principal.kind === 'app') {
    if (access === 'delegatedOnly') return `Application permissions are not supported here (${page}).`;
    const missing = missingRole(access, principal.roles);
    return missing === undefined ? undefined : `The application permission ${missing} is missing.`;
  }
  if (scopes === undefined)
    return access === 'delegatedOnly' ? undefined : `Delegated permissions are not supported here (${page}).`;
  if (!scopes.some((scope) => principal.scopes.has(scope)))
    return `The delegated permission ${scopes[0] ?? ''} is missing.`;
  if (!principal.isPrinterAdministrator) return 'The signed-in user is not a Printer Administrator.';
  return undefined;
}
