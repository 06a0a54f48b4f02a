import { jwtVerify, type JWTPayload } from 'jose';
import type { Simulation, Tenant } from '../world/simulation';
import { printerAdministratorRole, type Principal } from './permissions';

/** The caller, or the reason why the token is refused. */
type Authentication = { principal: Principal } | { refused: string };

const DEVELOPMENT_PREFIX = 'development.';
const NO_CONSENT = 'The application has no consent in this tenant.';

/** Makes the check of the Authorization header: signature, lifetime and tenant. */
export function createAuthenticate(simulation: Simulation) {
  const verify = async (token: string): Promise<JWTPayload | undefined> => {
    const currentDate = new Date(simulation.now());
    const verified = jwtVerify(token, simulation.keys.publicKey, { algorithms: ['RS256'], currentDate });
    return (await verified.catch(() => undefined))?.payload;
  };

  return async (authorization: string | undefined): Promise<Authentication> => {
    const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return refused('Access token is empty.');
    if (token.startsWith(DEVELOPMENT_PREFIX)) {
      const tenant = simulation.world.tenants.get(token.slice(DEVELOPMENT_PREFIX.length).toLowerCase());
      if (!tenant) return refused('The development token names a tenant that is not registered.');
      if (tenant.consentRevoked) return refused(NO_CONSENT);
      return { principal: principalOf(tenant, { appid: simulation.appId, roles: [...tenant.roles] }) };
    }
    const payload = await verify(token);
    if (!payload) return refused('Access token validation failure. Invalid signature or lifetime.');
    const { tid, appid, scp } = payload;
    const tenant = typeof tid === 'string' ? simulation.world.tenants.get(tid) : undefined;
    if (!tenant || typeof appid !== 'string') return refused('Access token validation failure. Invalid tenant.');
    if (scp === undefined && tenant.consentRevoked) return refused(NO_CONSENT);
    return { principal: principalOf(tenant, payload) };
  };
}

function refused(reason: string): Authentication {
  return { refused: reason };
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
