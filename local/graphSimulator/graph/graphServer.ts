import { createHash, randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { answerControl, type ControlDeps } from '../control/controlServer';
import { performOrFail } from '../faults/faults';
import { createRouter, parseJson, refusal, refusalOf } from '../http/readRequest';
import { createListener, type Reply, type Served } from '../http/server';
import { createAuthenticate } from '../signIn/authenticate';
import { whyForbidden } from '../signIn/permissions';
import { answerDeviceLogin } from '../signIn/userSignIn';
import type { PassingTime } from '../world/passingTime';
import { answerBatch, type BatchPart } from './batch';
import { graphError, type Route } from './graphCall';
import { jobRoutes, serveDownload } from './jobs';
import { subscriptionRoutes } from './subscriptions';
import { definitionRoutes, printerRoutes } from './printersAndTasks';
import type { Throttle } from './throttle';

/** A request, or a part of a `$batch` as a request of its own. `target` includes the version and the query. */
type Incoming = BatchPart & { origin: string; batch?: number };

const batchRoute = { method: 'POST', path: '/$batch' };
const findRoute = createRouter<Route | typeof batchRoute>([
  batchRoute,
  ...subscriptionRoutes,
  ...definitionRoutes,
  ...printerRoutes,
  ...jobRoutes,
]);

/** Listens for Graph, for downloads, for the device login page and for the control API on one port. */
export function createGraphListener(deps: ControlDeps & { throttle: Throttle }, time: PassingTime): RequestListener {
  const { simulation } = deps;
  const serveGraphCall = createGraphService(deps);

  return createListener(async (call) => {
    const { method, url, target, headers, text } = call;
    time.advance();
    if (url.pathname.startsWith('/control/')) {
      const reply = await answerControl(deps, call);
      time.follow();
      return { reply };
    }
    if (url.pathname === '/devicelogin') return { reply: answerDeviceLogin(simulation, url.searchParams) };
    if (url.pathname === '/downloads') return { reply: serveDownload(simulation, url, headers['authorization']) };
    const origin = `http://${headers['host'] ?? new URL(simulation.graphUrl).host}`;
    try {
      const body = parseJson(text);
      return await serveGraphCall({ method, target, headers, body, origin });
    } catch (error) {
      const { status, code, message } = refusalOf(error);
      return { reply: graphError(status, code, message, { now: simulation.now(), requestId: randomUUID(), headers }) };
    } finally {
      time.follow();
    }
  });
}

/** Makes the service of one call of Graph: token, outage or fault, throttling, permission, route. Each call is reported. */
function createGraphService(deps: ControlDeps & { throttle: Throttle }): (incoming: Incoming) => Promise<Served> {
  const { simulation, calls, throttle } = deps;
  const authenticate = createAuthenticate(simulation);

  const serve = async (incoming: Incoming): Promise<Served> => {
    const { method, target, headers, batch, body, origin } = incoming;
    const requestId = randomUUID();
    const [, version = '', rest = '/'] = /^(\/v1\.0|\/beta)(\/.*)$/i.exec(target) ?? [];
    const url = new URL(rest, 'http://graph');
    const found = findRoute(method, url.pathname);
    const record = calls.start({
      target: 'graph',
      method,
      path: target,
      route: found?.route.path ?? '',
      ...(batch === undefined ? {} : { batch }),
      ...(method === 'POST' ? { bodyDigest: digest(body) } : {}),
    });
    const error = (status: number, code: string, message: string) =>
      graphError(status, code, message, { now: simulation.now(), requestId, headers });
    const authentication = await authenticate(headers['authorization']);
    const parts: Served[] = [];

    const perform = async (): Promise<Reply | 'reset'> => {
      if ('refused' in authentication) {
        const authority = `${simulation.authorityUrl}/common/oauth2/authorize`;
        const challenge = `Bearer realm="", authorization_uri="${authority}", error="invalid_token"`;
        const reply = error(401, 'InvalidAuthenticationToken', authentication.refused);
        return { ...reply, headers: { 'www-authenticate': challenge } };
      }
      const { principal } = authentication;
      const params = found?.params ?? {};
      const { pathname: path, searchParams: query } = url;
      const call = { simulation, principal, method, version, path, params, query, headers, body, origin };
      const route = found?.route;
      try {
        if (route && !('handle' in route))
          return await answerBatch(call, async (part) => {
            const served = await serve({ ...incoming, ...part, batch: record.n });
            parts.push(served);
            return served.reply;
          });
        const waitSeconds = throttle.take(principal, method, route?.path ?? '');
        if (waitSeconds !== undefined)
          return {
            ...error(429, 'TooManyRequests', 'Too many requests; wait as Retry-After says.'),
            headers: { 'retry-after': String(waitSeconds) },
          };
        if (!route) throw refusal(400, 'BadRequest', `No call ${method} ${path} is known.`);
        const forbidden = whyForbidden(principal, route.page, route.access);
        if (forbidden !== undefined) throw refusal(403, 'accessDenied', forbidden);
        return await route.handle(call);
      } catch (thrown) {
        const refused = refusalOf(thrown);
        return error(refused.status, refused.code, refused.message);
      }
    };

    if ('principal' in authentication) {
      record.tenantId = authentication.principal.tenantId;
      record.appId = authentication.principal.appId;
    }
    const refuse = (status: number, message: string, code?: string) =>
      error(status, code ?? (status === 429 ? 'TooManyRequests' : 'serviceNotAvailable'), message);
    const reply = await performOrFail(deps, record, refuse, perform);
    if (reply !== 'reset') reply.headers = { 'request-id': requestId, ...reply.headers };
    return {
      reply,
      onSent: () => {
        calls.finish(record, reply);
        for (const part of parts) part.onSent?.();
      },
    };
  };
  return serve;
}

function digest(body: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(body) ?? '')
    .digest('base64url')
    .slice(0, 16);
}
