import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallReport } from './callReport';
import { answerAuthority, type TokenEndpointOptions } from './tokenEndpoint';
import type { Faults } from './faults';
import { listenerOf, readBody, writeReply } from './httpServer';
import { currentOutage } from './outage';
import type { Reply } from './reply';
import type { Simulation } from './simulation';

/** Listens as the sign-in service; faults with target `token` act here. */
export function createTokenListener(
  deps: { simulation: Simulation; faults: Faults; calls: CallReport },
  options: TokenEndpointOptions,
): RequestListener {
  const { simulation, faults, calls } = deps;
  return listenerOf(async (request, response) => {
    const url = new URL(request.url ?? '/', 'https://authority');
    const method = request.method ?? 'GET';
    const { text } = await readBody(request);
    const form = new URLSearchParams(text);
    const tenantId = url.pathname.split('/')[1]?.toLowerCase();
    const record = calls.start({
      target: 'token',
      method,
      path: url.pathname,
      route: url.pathname.replace(/^\/[^/]+/, '/{tenant}'),
      connectionId: 0,
      ...(tenantId === undefined ? {} : { tenantId }),
      appId: form.get('client_id') ?? '',
    });
    const outage = currentOutage(simulation);
    if (outage?.tokens === true) {
      record.fault = 'outage';
      if (outage.answer === 'reset') request.socket.destroy();
      else await writeReply(response, { status: 503, body: { error: 'temporarily_unavailable' } });
      calls.finish(record, outage.answer === 'reset' ? 0 : 503);
      return;
    }
    const fault = faults.take({ target: 'token', method, path: url.pathname, tenantId });
    if (fault) record.fault = fault.id;
    const action = fault?.action;
    if (action?.type === 'hang' || action?.type === 'delay')
      await sleep(action.ms, undefined, { signal: simulation.closed }).catch(() => undefined);
    if (action?.type === 'hang' || action?.type === 'reset') {
      // A TLS socket cannot send a reset; it is closed without an answer.
      request.socket.destroy();
      calls.finish(record, 0);
      return;
    }
    const reply: Reply =
      action?.type === 'status'
        ? { status: action.status, body: { error: action.code ?? 'temporarily_unavailable' } }
        : ((await answerAuthority(simulation, options, {
            method,
            path: url.pathname,
            query: url.searchParams,
            form,
          })) ?? { status: 404 });
    if (action?.type === 'status' && action.retryAfterSeconds !== undefined)
      reply.headers = { 'retry-after': String(action.retryAfterSeconds) };
    await writeReply(response, reply);
    calls.finish(record, reply.status);
  });
}
