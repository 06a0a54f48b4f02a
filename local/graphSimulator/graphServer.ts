import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { answerControl } from './controlRoutes';
import { serveGraphCall, type GraphServiceDeps } from './graphService';
import type { ControlDeps } from './controlCall';
import { serveDownload } from './documentRoutes';
import { listenerOf, parseJson, readBody, singleHeaders, writeReply } from './httpServer';
import type { AdvanceWorld } from './advanceWorld';
import { deviceLoginPage } from './deviceLoginPage';
import { outageReply } from './outage';
import { graphError } from './reply';

/** Listens for Graph, for downloads and for the control API on one port. */
export function createGraphListener(
  deps: GraphServiceDeps & ControlDeps,
  advance: AdvanceWorld,
  afterEach: () => void,
): RequestListener {
  const { simulation, calls } = deps;
  const connections = new WeakMap<object, number>();
  let nextConnection = 1;

  const connectionOf = (request: IncomingMessage): number => {
    const known = connections.get(request.socket) ?? nextConnection++;
    connections.set(request.socket, known);
    return known;
  };

  const serveGraph = async (
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    text: string,
  ) => {
    let body: unknown;
    try {
      body = parseJson(text);
    } catch {
      const now = simulation.now();
      await writeReply(response, graphError(400, 'BadRequest', 'The body is not JSON.', { now }));
      return;
    }
    const served = await serveGraphCall(deps, {
      method: request.method ?? 'GET',
      path,
      headers: singleHeaders(request),
      body,
      origin: `http://${request.headers.host ?? new URL(simulation.graphUrl).host}`,
      connectionId: connectionOf(request),
    });
    if (served.reply === 'reset') request.socket.resetAndDestroy();
    else await writeReply(response, served.reply);
    served.finish();
  };

  return listenerOf(async (request, response) => {
    const path = request.url ?? '/';
    const url = new URL(path, 'http://graph');
    const { text } = await readBody(request);
    advance();
    const method = request.method ?? 'GET';
    if (url.pathname.startsWith('/control/')) {
      let body: unknown;
      try {
        body = parseJson(text);
      } catch {
        const error = { code: 'INVALID_INPUT', message: 'The body is not JSON.' };
        await writeReply(response, { status: 400, body: { error } });
        return;
      }
      const order = { method, path: url.pathname.slice('/control'.length), query: url.searchParams, body };
      const reply = await answerControl(deps, order);
      afterEach();
      await writeReply(response, reply);
    } else if (url.pathname.startsWith('/downloads/')) {
      const { authorization } = request.headers;
      const record = calls.start({
        target: 'download',
        method,
        path: url.pathname,
        route: '/downloads/{id}',
        connectionId: connectionOf(request),
      });
      const out = outageReply(simulation, randomUUID());
      const reply =
        out ?? serveDownload(simulation, { path: url.pathname, query: url.searchParams, authorization });
      if (reply === 'reset') request.socket.resetAndDestroy();
      else await writeReply(response, reply);
      calls.finish(record, reply === 'reset' ? 0 : reply.status);
    } else if (url.pathname === '/devicelogin') {
      await writeReply(response, deviceLoginPage(simulation, url.searchParams));
    } else {
      await serveGraph(request, response, path, text);
      afterEach();
    }
  });
}
