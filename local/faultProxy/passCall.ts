import type { Agent, IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ArmedFault, FaultList } from './faultList';
import { endToEndHeaders, forwardRequest } from './forwardRequest';
import type { OpenCall, ProxyCall } from './proxyCall';
import { readAll, readSmallBody } from './readBody';

export interface PassContext {
  readonly target: URL;
  readonly agent: Agent;
  readonly faults: FaultList;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Opens the record of a request that has come. */
  record(request: IncomingMessage, body: Buffer | undefined): OpenCall;
}

/** Takes one request through the proxy: record, fault before, target, fault after, answer. Never rejects. */
export async function passCall(
  context: PassContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  request.on('error', () => gone.abort());
  let call: OpenCall | undefined;
  try {
    const body = await readSmallBody(request);
    call = context.record(request, body);
    call.end = await pass(context, { request, response, call, body, gone: gone.signal });
  } catch {
    if (call !== undefined) call.end = gone.signal.aborted ? 'clientGone' : 'targetFailed';
    request.socket.destroy();
  }
  if (call !== undefined) call.answeredAt = context.now();
}

interface Passing {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly call: OpenCall;
  readonly body: Buffer | undefined;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
}

async function pass(context: PassContext, passing: Passing): Promise<NonNullable<ProxyCall['end']>> {
  const { request, response, call, body, gone } = passing;
  const { before, after } = context.faults.meet(call);
  const early = await suffer(context, passing, before);
  if (early !== undefined) return early;

  const answer = await forwardRequest(
    { target: context.target, agent: context.agent, signal: gone },
    request,
    body,
  );
  call.status = answer.statusCode ?? 0;
  // Only a fault needs the whole answer at hand: everything else streams.
  const held = after === undefined ? undefined : await readAll(answer);
  const late = await suffer(context, passing, after);
  if (late !== undefined) return late;

  response.sendDate = false;
  response.writeHead(call.status, answer.statusMessage ?? '', endToEndHeaders(answer.rawHeaders));
  if (held === undefined) await pipeline(answer, response);
  else response.end(held);
  return 'answered';
}

/** Lets the fault do its work; undefined when the call goes on after it. */
async function suffer(
  context: PassContext,
  { request, response, call, gone }: Passing,
  fault: ArmedFault | undefined,
): Promise<NonNullable<ProxyCall['end']> | undefined> {
  if (fault === undefined) return undefined;
  const { action } = fault;
  const decided = fault.hit(call);
  const how = action === 'hold' ? await Promise.race([decided, aborted(gone)]) : action;
  if (how === 'drop') {
    request.socket.destroy();
    return 'dropped';
  }
  if (typeof how === 'object' && 'status' in how) {
    call.status = how.status;
    response.writeHead(how.status, { ...how.headers }).end(how.body ?? '');
    return 'answered';
  }
  if (typeof how === 'object') await context.sleep(how.delayMs, gone);
  gone.throwIfAborted();
  return undefined;
}

function aborted(signal: AbortSignal): Promise<'go'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('go');
    else signal.addEventListener('abort', () => resolve('go'), { once: true });
  });
}
