import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Authenticate, Authentication, Principal } from './authenticate';
import { type RoutedCall, fail } from './graphCall';
import { type Reply, graphError } from './reply';
import { matchRoute, type Route } from './routes';
import { answerBatch } from './batch';
import type { CallReport } from './callReport';
import type { CallRecord, FaultAction } from './controlTypes';
import type { Faults } from './faults';
import { outageReply } from './outage';
import { refusePrincipal } from './refusePrincipal';
import { isInvalidInput } from './readFields';
import type { Simulation } from './simulation';
import type { Throttle } from './throttle';

/** A request as it came in. `path` includes the version and the query. */
interface IncomingCall {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: unknown;
  origin: string;
  connectionId: number;
  batch?: number;
}

/** The answer, or `reset` when the connection is to be cut; `finish` is called once the answer has left. */
interface ServedCall {
  reply: Reply | 'reset';
  finish: () => void;
}

export interface GraphServiceDeps {
  simulation: Simulation;
  routes: readonly Route[];
  faults: Faults;
  calls: CallReport;
  authenticate: Authenticate;
  throttle: Throttle;
}

/** Serves one call of Graph: token, fault, permission, route; each is reported. */
export async function serveGraphCall(deps: GraphServiceDeps, incoming: IncomingCall): Promise<ServedCall> {
  const { simulation, faults, calls } = deps;
  const requestId = randomUUID();
  const [, version = '', rest = '/'] = /^(\/v1\.0|\/beta)(\/.*)$/i.exec(incoming.path) ?? [];
  const url = new URL(rest, 'http://graph');
  const matched = matchRoute(deps.routes, incoming.method, url.pathname);
  const isBatch = incoming.method === 'POST' && url.pathname === '/$batch';
  const userAgent = incoming.headers['user-agent'];
  const record = calls.start({
    target: 'graph',
    method: incoming.method,
    path: incoming.path,
    route: isBatch ? '/$batch' : (matched?.route.template ?? ''),
    connectionId: incoming.connectionId,
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(incoming.batch === undefined ? {} : { batch: incoming.batch }),
    ...(incoming.method === 'POST' ? { bodyDigest: digest(incoming.body) } : {}),
  });
  const authentication = await deps.authenticate(incoming.headers['authorization']);
  if ('principal' in authentication) Object.assign(record, callerOf(authentication.principal));
  const parts: ServedCall[] = [];

  const perform = async (): Promise<Reply | 'reset'> => {
    if ('refused' in authentication) return refuse(simulation, incoming, requestId, authentication);
    const call: RoutedCall = {
      ...incoming,
      version,
      path: url.pathname,
      query: url.searchParams,
      requestId,
      simulation,
      principal: authentication.principal,
      params: matched?.params ?? {},
    };
    if (isBatch)
      return answerBatch(call, async (part) => {
        const served = await serveGraphCall(deps, { ...incoming, ...part, batch: record.n });
        parts.push(served);
        return served.reply;
      });
    return answerRoute(call, matched?.route, deps.throttle);
  };

  const out = outageReply(simulation, requestId);
  if (out !== undefined) {
    record.fault = 'outage';
    return {
      reply: out,
      finish: () => {
        finishRecord(calls, record, out);
      },
    };
  }
  const fault = faults.take({
    target: 'graph',
    method: incoming.method,
    path: incoming.path,
    tenantId: record.tenantId,
  });
  if (fault) record.fault = fault.id;
  let reply: Reply | 'reset';
  try {
    reply = fault ? await applyFault(simulation, fault.action, perform, requestId) : await perform();
  } catch (error) {
    if (!simulation.closed.aborted) throw error;
    reply = 'reset';
  }
  if (reply !== 'reset') reply.headers = { 'request-id': requestId, ...reply.headers };
  return {
    reply,
    finish: () => {
      finishRecord(calls, record, reply);
      for (const part of parts) part.finish();
    },
  };
}

function digest(body: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(body) ?? '')
    .digest('base64url')
    .slice(0, 16);
}

function callerOf(principal: Principal): Pick<CallRecord, 'tenantId' | 'appId'> {
  return { tenantId: principal.tenantId, appId: principal.appId };
}

function finishRecord(calls: CallReport, record: CallRecord, reply: Reply | 'reset'): void {
  if (reply === 'reset') {
    calls.finish(record, 0);
    return;
  }
  const retryAfter = reply.headers?.['retry-after'];
  calls.finish(record, reply.status, retryAfter === undefined ? undefined : Number(retryAfter) * 1000);
}

function refuse(
  simulation: Simulation,
  incoming: IncomingCall,
  requestId: string,
  authentication: Extract<Authentication, { refused: string }>,
): Reply {
  const clientRequestId = incoming.headers['client-request-id'];
  const code = authentication.status === 401 ? 'InvalidAuthenticationToken' : 'Authorization_RequestDenied';
  const reply = graphError(authentication.status, code, authentication.refused, {
    now: simulation.now(),
    requestId,
    ...(clientRequestId === undefined ? {} : { clientRequestId }),
  });
  if (authentication.status === 403) return reply;
  const authority = `${simulation.authorityUrl}/common/oauth2/authorize`;
  reply.headers = {
    'www-authenticate': `Bearer realm="", authorization_uri="${authority}", error="invalid_token"`,
  };
  return reply;
}

async function answerRoute(call: RoutedCall, route: Route | undefined, throttle: Throttle): Promise<Reply> {
  const waitSeconds = throttle.take(call.principal, call.method, route?.template ?? '');
  if (waitSeconds !== undefined) {
    const reply = fail(call, 429, 'TooManyRequests', 'Too many requests; wait as Retry-After says.');
    return { ...reply, headers: { 'retry-after': String(waitSeconds) } };
  }
  if (!route) return fail(call, 400, 'BadRequest', `No call ${call.method} ${call.path} is known.`);
  const refusal = refusePrincipal(route, call.principal);
  if (refusal !== undefined) return fail(call, 403, 'accessDenied', refusal);
  try {
    return await route.handle(call);
  } catch (error) {
    if (isInvalidInput(error)) return fail(call, 400, 'InvalidRequest', error.message);
    throw error;
  }
}

async function applyFault(
  simulation: Simulation,
  action: FaultAction,
  perform: () => Promise<Reply | 'reset'>,
  requestId: string,
): Promise<Reply | 'reset'> {
  if (action.type === 'delay') {
    await sleep(action.ms, undefined, { signal: simulation.closed });
    return perform();
  }
  if (action.applyEffect === true) await perform();
  if (action.type === 'hang') await sleep(action.ms, undefined, { signal: simulation.closed });
  if (action.type !== 'status') return 'reset';
  const code = action.code ?? (action.status === 429 ? 'TooManyRequests' : 'serviceNotAvailable');
  const now = simulation.now();
  const reply = graphError(action.status, code, 'A fault of the simulator.', { now, requestId });
  const retryAfter = retryAfterOf(simulation, action);
  if (retryAfter !== undefined) reply.headers = { 'retry-after': retryAfter };
  return reply;
}

function retryAfterOf(
  simulation: Simulation,
  action: Extract<FaultAction, { type: 'status' }>,
): string | undefined {
  const { retryAfterSeconds: least, retryAfterMaxSeconds: most } = action;
  if (least === undefined || most === undefined) return least === undefined ? undefined : String(least);
  // Fractions occur in the wild (2.128), so they occur here.
  return (least + simulation.random() * (most - least)).toFixed(3);
}
