import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Authenticate, Authentication, Principal } from './authenticate';
import { answerBatch } from './batch';
import type { CallReport } from './callReport';
import type { CallRecord, FaultAction } from './controlTypes';
import type { Faults } from './faults';
import type { RoutedCall } from './graphCall';
import { fail } from './graphCall';
import { missingRole } from './permissions';
import { isInvalidInput } from './readFields';
import type { Reply } from './reply';
import { graphError } from './reply';
import { matchRoute } from './routes';
import type { Route } from './routes';
import type { Simulation } from './simulation';

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
    return answerRoute(call, matched?.route);
  };

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
  const reply = graphError(401, 'InvalidAuthenticationToken', authentication.refused, {
    now: simulation.now(),
    requestId,
    ...(clientRequestId === undefined ? {} : { clientRequestId }),
  });
  const authority = `${simulation.authorityUrl}/common/oauth2/authorize`;
  reply.headers = {
    'www-authenticate': `Bearer realm="", authorization_uri="${authority}", error="invalid_token"`,
  };
  return reply;
}

async function answerRoute(call: RoutedCall, route: Route | undefined): Promise<Reply> {
  if (!route) return fail(call, 400, 'BadRequest', `No call ${call.method} ${call.path} is known.`);
  if (route.access === 'delegatedOnly' && call.principal.kind === 'app')
    return fail(call, 403, 'accessDenied', `Application permissions are not supported here (${route.page}).`);
  if (typeof route.access !== 'string' && call.principal.kind === 'app') {
    const missing = missingRole(route.access, call.principal.roles);
    if (missing !== undefined)
      return fail(call, 403, 'accessDenied', `The application permission ${missing} is missing.`);
  }
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
  if (action.retryAfterSeconds !== undefined)
    reply.headers = { 'retry-after': String(action.retryAfterSeconds) };
  return reply;
}
