import { jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import type { Simulation } from './simulation';

/** Who calls: an app by its roles, or a signed-in user of a tenant. */
export interface Principal {
  kind: 'app' | 'user';
  tenantId: string;
  appId: string;
  roles: ReadonlySet<string>;
}

/** The caller, or in words why the token is refused. */
export type Authentication = { principal: Principal } | { refused: string };

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

  return async (authorization) => {
    const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return { refused: 'Access token is empty.' };
    if (token.startsWith(developmentPrefix)) {
      const tenant = simulation.world.tenants.get(token.slice(developmentPrefix.length).toLowerCase());
      return tenant
        ? { principal: { kind: 'app', tenantId: tenant.id, appId: simulation.appId, roles: tenant.roles } }
        : { refused: 'The development token names a tenant that is not registered.' };
    }
    const payload = await verify(token);
    if (!payload) return { refused: 'Access token validation failure. Invalid signature or lifetime.' };
    if ((payload.exp ?? 0) * 1000 <= simulation.now())
      return { refused: 'Lifetime validation failed, the token is expired.' };
    const { tid, appid, roles, scp } = payload;
    if (typeof tid !== 'string' || typeof appid !== 'string' || !simulation.world.tenants.has(tid))
      return { refused: 'Access token validation failure. Invalid tenant.' };
    const named: unknown[] = Array.isArray(roles) ? roles : [];
    return {
      principal: {
        kind: typeof scp === 'string' ? 'user' : 'app',
        tenantId: tid,
        appId: appid,
        roles: new Set(named.filter((role) => typeof role === 'string')),
      },
    };
  };
}
