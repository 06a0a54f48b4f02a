import { createCache } from '../cache';
import { systemClock, type Clock } from '../clock';
import type { Config } from '../config';
import { ReceiverError } from '../errors';
import { notMeasured, type Measure } from '../telemetry/catalogue';
import { createGraphBatch, type CallGraphBatch } from './batch';
import { createGraphClient, type CallGraph } from './client';
import { createSilence, createThrottle, type Silence, type Throttle } from './throttle';
import { GraphError } from './errors';
import { createSendHttp } from './http';
import { isExplained } from './refusals';
import { createRequestToken, createTokens, type RequestToken, type Tokens } from './tokens';

/** Graph for one process: all its calls share tokens, connections, throttling and silence. */
export interface GraphService {
  callGraph: CallGraph;
  /** The same for up to 20 GET, PATCH and DELETE in one request. */
  callBatch: CallGraphBatch;
  tokens: Pick<Tokens, 'get'>;
  /** Which tenants Graph throttles. */
  throttle: Throttle;
  /** Which tenants Graph does not answer. */
  silence: Pick<Silence, 'isSilent'>;
}

/** Whether a tenant is on the allow-list, with any status. */
export type IsListed = (tenantId: string) => Promise<boolean>;

/** Graph as the app of the settings, in the tenant of each call. Its tokens are for listed tenants alone. */
export function openGraphService(config: Config, isListed: IsListed, measure: Measure): GraphService {
  const request = createRequestToken(config, systemClock);
  return openGraph(config, createTokens(forListed(request, isListed, systemClock), systemClock), measure);
}

const LISTED_FOR_MS = 60_000;
/** A bound on memory. One instance works for far fewer tenants within a minute. */
const MOST_LISTED = 5_000;

/**
 * The same request for tenants of the allow-list alone, whatever asks for it: access to a queue or a table of watches must
 * not be enough to sign in to a tenant. A tenant that is listed is remembered for a minute.
 *
 * @returns a function that also rejects with ReceiverError `tenantNotActive`
 */
export function forListed(request: RequestToken, isListed: IsListed, clock: Pick<Clock, 'now'>): RequestToken {
  const listed = createCache<true>({ most: MOST_LISTED, keepMs: LISTED_FOR_MS, clock });
  return async (tenantId, options) => {
    if (!listed.has(tenantId)) {
      if (!(await isListed(tenantId))) {
        const problem = `No token was requested for tenant ${tenantId}, which is not on the allow-list`;
        throw new ReceiverError('tenantNotActive', problem, {
          remedy: `Add it: tenants add ${tenantId} --name <text>`,
        });
      }
      listed.set(tenantId, true);
    }
    return request(tenantId, options);
  };
}

function openGraph({ graphBaseUrl }: Pick<Config, 'graphBaseUrl'>, tokens: Tokens, measure: Measure): GraphService {
  const clock = systemClock;
  const random = Math.random;
  const throttle = createThrottle(clock);
  const silence = createSilence(clock);
  const sendHttp = createSendHttp();
  const deps = { tokens, throttle, silence, clock, random, measure };
  const callGraph = createGraphClient({ ...deps, baseUrl: graphBaseUrl, sendHttp });
  const callBatch = createGraphBatch({ ...deps, callGraph });
  return { callGraph, callBatch, tokens, throttle, silence };
}

/** Graph as the person to whom the token belongs. */
export function openUserGraph(config: Pick<Config, 'graphBaseUrl'>, token: string): CallGraph {
  const tokens = { get: () => Promise.resolve(token), refused: () => undefined };
  return asAdministrator(openGraph(config, tokens, notMeasured).callGraph);
}

/** The same calls. The remedy of a 401 or 403 is for the person, where `callGraph` names the permission of the app. */
export function asAdministrator(callGraph: CallGraph): CallGraph {
  return async (call) => {
    try {
      return await callGraph(call);
    } catch (error) {
      if (!(error instanceof GraphError) || (error.status !== 401 && error.status !== 403)) throw error;
      // Graph has said why, and that concerns the person too.
      if (isExplained(error)) throw error;
      throw new GraphError(error.code, error.problem, {
        status: error.status,
        said: error.said,
        logFields: error.logFields,
        remedy: `Sign in as a Printer Administrator of the tenant, consent to the delegated permission ${call.permission}, and use the app that created the definition.`,
        cause: error,
      });
    }
  };
}
