import { jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import { printerAdministratorRole } from './permissions';
import type { Simulation } from './simulation';
import { REFRESH_AUDIENCE } from './userTokens';
import type { Tenant } from './world';

/** Who calls: an app by its roles, or a signed-in user of a tenant. */
export interface Principal {
  kind: 'app' | 'user';
  tenantId: string;
  appId: string;
  roles: ReadonlySet<string>;
  /** Delegated permissions; empty for an app. */
  scopes: ReadonlySet<string>;
  isPrinterAdministrator: boolean;
}

/** The caller, or in words why the token is refused. */
export type Authentication = { principal: Principal } | { refused: string; status: 401 | 403 };

const developmentPrefix = 'development.';

/** Reads and checks the Authorization header: signature, lifetime and tenant. */
export type Authenticate = (authorization: string | undefined) => Promise<Authentication>;

/** Makes the check of bearer tokens; a token that was verified once is not verified again until it ends. */
export function createAuthenticate(simulation: Simulation): Authenticate {
  const verified = new Map<string, JWTPayload>();

  const verify = async (token: string): Promise<JWTPayload | undefined> => {
    const known = verified.get(token);
    if (known) return known;
    try {
      const { payload } = await jwtVerify(token, simulation.keys.publicKey, {
        algorithms: ['RS256'],
        currentDate: new Date(simulation.now()),
      });
      // Bounds the memory of a long run; a token lives for an hour.
      if (verified.size > 1000) verified.clear();
      verified.set(token, payload);
      return payload;
    } catch {
      return undefined;
    }
  };

  /** Why an app of a tenant that took its consent back is refused, or undefined. */
  const refuseRevoked = (tenant: Tenant, fresh: boolean): Authentication | undefined => {
    const { revokedToken, revokedCalls } = simulation.variants;
    if (!tenant.consentRevoked || revokedToken === 'withoutRoles') return undefined;
    if (revokedCalls === 0 && !fresh) return undefined;
    return { refused: 'The application has no consent in this tenant.', status: revokedCalls || 401 };
  };
  const rolesNow = (tenant: Tenant): ReadonlySet<string> =>
    tenant.consentRevoked ? new Set<string>() : tenant.roles;

  return async (authorization) => {
    const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return refused401('Access token is empty.');
    if (token.startsWith(developmentPrefix)) {
      const tenant = simulation.world.tenants.get(token.slice(developmentPrefix.length).toLowerCase());
      if (!tenant) return refused401('The development token names a tenant that is not registered.');
      // A development token stands for one that was fetched just now.
      return (
        refuseRevoked(tenant, true) ?? {
          principal: {
            kind: 'app',
            tenantId: tenant.id,
            appId: simulation.appId,
            roles: rolesNow(tenant),
            scopes: new Set(),
            isPrinterAdministrator: false,
          },
        }
      );
    }
    const payload = await verify(token);
    if (!payload) return refused401('Access token validation failure. Invalid signature or lifetime.');
    if ((payload.exp ?? 0) * 1000 <= simulation.now())
      return refused401('Lifetime validation failed, the token is expired.');
    const { tid, appid, scp } = payload;
    const tenant = typeof tid === 'string' ? simulation.world.tenants.get(tid) : undefined;
    if (!tenant || typeof appid !== 'string' || payload.aud === REFRESH_AUDIENCE)
      return refused401('Access token validation failure. Invalid tenant.');
    const isUser = typeof scp === 'string';
    return (
      (isUser ? undefined : refuseRevoked(tenant, false)) ?? {
        principal: {
          kind: isUser ? 'user' : 'app',
          tenantId: tenant.id,
          appId: appid,
          roles: new Set(stringsOf(payload['roles'])),
          scopes: new Set(isUser ? scp.split(' ') : []),
          isPrinterAdministrator: stringsOf(payload['wids']).includes(printerAdministratorRole),
        },
      }
    );
  };
}

function refused401(refused: string): Authentication {
  return { refused, status: 401 };
}

function stringsOf(value: unknown): string[] {
  const entries: unknown[] = Array.isArray(value) ? value : [];
  return entries.filter((entry) => typeof entry === 'string');
}
