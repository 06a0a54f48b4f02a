import { jwtVerify, type JWTPayload } from 'jose';
import { Refusal } from '../http/readRequest';
import type { Simulation, Tenant } from '../world/simulation';
import { printerAdministratorRole, type Principal } from './permissions';

const DEVELOPMENT_PREFIX = 'development.';

/** Checks signature, lifetime and tenant of the Authorization header. Gives the caller, or a 401 that says why. */
export async function authenticate(simulation: Simulation, authorization: string | undefined) {
  const { tenants } = simulation.world;
  const refused = (reason: string) => {
    const authority = `${simulation.authorityUrl}/common/oauth2/authorize`;
    const challenge = `Bearer realm="", authorization_uri="${authority}", error="invalid_token"`;
    return new Refusal(401, 'InvalidAuthenticationToken', reason, { 'www-authenticate': challenge });
  };
  const noConsent = () => refused('The application has no consent in this tenant.');

  const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return refused('Access token is empty.');
  if (token.startsWith(DEVELOPMENT_PREFIX)) {
    const tenant = tenants.get(token.slice(DEVELOPMENT_PREFIX.length).toLowerCase());
    if (!tenant) return refused('The development token names a tenant that is not registered.');
    if (tenant.consentRevoked) return noConsent();
    return principalOf(tenant, { appid: simulation.appId, roles: [...tenant.roles] });
  }
  const options = { algorithms: ['RS256'], currentDate: new Date(simulation.now()) };
  const verified = await jwtVerify(token, simulation.keys.publicKey, options).catch(() => undefined);
  if (!verified) return refused('Access token validation failure. Invalid signature or lifetime.');
  const { tid, appid, scp } = verified.payload;
  const tenant = typeof tid === 'string' ? tenants.get(tid) : undefined;
  if (!tenant || typeof appid !== 'string') return refused('Access token validation failure. Invalid tenant.');
  if (scp === undefined && tenant.consentRevoked) return noConsent();
  return principalOf(tenant, verified.payload);
}

function principalOf(tenant: Tenant, { appid, scp, roles, wids }: JWTPayload): Principal {
  return {
    kind: typeof scp === 'string' ? 'user' : 'app',
    tenantId: tenant.id,
    appId: String(appid),
    roles: new Set(stringsOf(roles)),
    scopes: new Set(typeof scp === 'string' ? scp.split(' ') : []),
    isPrinterAdministrator: stringsOf(wids).includes(printerAdministratorRole),
  };
}

function stringsOf(value: unknown): string[] {
  const entries: unknown[] = Array.isArray(value) ? value : [];
  return entries.filter((entry) => typeof entry === 'string');
}
