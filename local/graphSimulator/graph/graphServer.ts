import { createHash, randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { answerControl } from '../control/controlServer';
import { performOrFail } from '../faults/performOrFail';
import { createRouter, parseJson, Refusal, refusalOf } from '../http/readRequest';
import { createListener, type Answer, type Reply } from '../http/server';
import { authenticate } from '../signIn/authenticate';
import { whyForbidden } from '../signIn/permissions';
import { answerDeviceLogin } from '../signIn/userSignIn';
import type { Simulation } from '../world/simulation';
import { answerBatch, type BatchPart } from './batch';
import type { Route } from './graphCall';
import { answerDownload, documentRoutes, isDownload } from './documents';
import { jobRoutes } from './jobs';
import { jobWriteRoutes } from './jobWrites';
import { printerCreationRoutes } from './printerCreation';
import { parentRoutes } from './sharesAndPullPrint';
import { printerAndTaskRoutes } from './printersAndTasks';
import { subscriptionRoutes } from './subscriptions';

/** A request, or a part of the `$batch` call with the number `batch`. */
type GraphRequest = BatchPart & { batch?: number };

const batchRoute = { call: 'POST /$batch' };
const graphRoutes = [
  ...subscriptionRoutes,
  ...printerAndTaskRoutes,
  ...printerCreationRoutes,
  ...jobRoutes,
  ...documentRoutes,
  ...jobWriteRoutes,
  ...parentRoutes,
];
const findRoute = createRouter<Route | typeof batchRoute>([batchRoute, ...graphRoutes]);

/** Listens for Graph, for downloads, for the device login page and for the control API on one port. */
export function createGraphListener(simulation: Simulation, advance: () => void): RequestListener {
  return createListener(async (call) => {
    const { url, headers } = call;
    advance();
    if (url.pathname.startsWith('/control/')) {
      const reply = await answerControl(simulation, call);
      advance();
      return { reply };
    }
    if (url.pathname === '/devicelogin') return { reply: answerDeviceLogin(simulation, url.searchParams) };
    if (isDownload(url.pathname)) return answerDownload(simulation, url, headers['authorization']);
    return answerGraph(simulation, call);
  });
}

/** Answers one call of Graph: token, outage or fault, throttling, permission, route. Each call is reported. */
async function answerGraph(simulation: Simulation, request: GraphRequest): Promise<Answer> {
  const { method, target, headers, text, batch } = request;
  const requestId = randomUUID();
  const [, version = '', rest = '/'] = /^(\/v1\.0|\/beta)(\/.*)$/i.exec(target) ?? [];
  const { pathname: path, searchParams: query } = new URL(rest, 'http://graph');
  const { route, template = '', params = {} } = findRoute(method, path) ?? {};
  const record = simulation.calls.start({
    target: 'graph',
    method,
    path: target,
    route: template,
    ...(batch === undefined ? {} : { batch }),
    ...(method === 'POST' ? { bodyDigest: createHash('sha256').update(text).digest('base64url').slice(0, 16) } : {}),
  });
  const principal = await authenticate(simulation, headers['authorization']);
  const parts: Answer[] = [];

  const perform = async (): Promise<Reply> => {
    if (principal instanceof Refusal) throw principal;
    const origin = `http://${headers['host'] ?? new URL(simulation.graphUrl).host}`;
    const call = {
      simulation,
      principal,
      method,
      version,
      path,
      params,
      query,
      headers,
      body: parseJson(text),
      origin,
    };
    if (route && !('handle' in route))
      return answerBatch(call, async (part) => {
        const answer = await answerGraph(simulation, { ...part, batch: record.n });
        parts.push(answer);
        return answer.reply;
      });
    const waitSeconds = simulation.throttle.take(principal, method, template);
    if (waitSeconds !== undefined) {
      const message = 'Too many requests; wait as Retry-After says.';
      throw new Refusal(429, 'TooManyRequests', message, { 'retry-after': String(waitSeconds) });
    }
    if (!route) throw new Refusal(400, 'BadRequest', `No call ${method} ${path} is known.`);
    const { page, access } = route;
    const forbidden = access === 'byResource' ? undefined : whyForbidden(principal, page, access, simulation.variants);
    if (forbidden !== undefined) throw new Refusal(403, 'accessDenied', forbidden);
    return route.handle(call);
  };

  if (!(principal instanceof Refusal)) Object.assign(record, { tenantId: principal.tenantId, appId: principal.appId });
  const answered = await performOrFail(simulation, record, perform).catch((error: unknown) =>
    graphError(refusalOf(error), simulation.now(), requestId, headers['client-request-id']),
  );
  const reply = { ...answered, headers: { 'request-id': requestId, ...answered.headers } };
  return {
    reply,
    onSent: () => {
      simulation.calls.finish(record, reply);
      for (const part of parts) part.onSent?.();
    },
  };
}

/** An error in Graph's shape (concepts/errors.md). */
function graphError(refusal: Refusal, now: number, requestId: string, clientRequestId = requestId): Reply {
  const { status, code, message, headers } = refusal;
  const date = new Date(now).toISOString().slice(0, 19);
  const innerError = { date, 'request-id': requestId, 'client-request-id': clientRequestId };
  return { status, headers, body: { error: { code, message, innerError } } };
}
