import { request as startRequest, type Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { ArmedFault } from './faults';
import { nameEffect, type ProxyCall, type TargetName } from './proxyCall';

export interface PassContext {
  readonly target: TargetName;
  readonly origin: URL;
  readonly agent: Agent;
  readonly faults: readonly ArmedFault[];
  /** Each received request is added here. */
  readonly calls: ProxyCall[];
}

interface Passing {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly call: ProxyCall;
  /** Aborted when the client has closed its connection. */
  readonly gone: AbortSignal;
}

/** A queue message has at most 64 KiB, a table entity usually a few. Larger bodies stream and are not recorded. */
const RECORDED_BYTES = 128 * 1024;

/** Passes one request through the proxy: record, fault before, target, fault after, answer. Never rejects. */
export async function passRequest(
  context: PassContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  request.on('error', () => gone.abort());
  let call: ProxyCall | undefined;
  try {
    const isSmall = Number(request.headers['content-length']) <= RECORDED_BYTES;
    const body = isSmall ? await buffer(request) : undefined;
    call = record(context, request, body);
    call.end = await pass(context, { request, response, call, gone: gone.signal }, body);
  } catch {
    if (call) call.end = gone.signal.aborted ? 'clientGone' : 'targetFailed';
    request.socket.destroy();
  }
  if (call) call.answeredAt = Date.now();
}

function record({ target, calls }: PassContext, request: IncomingMessage, body: Buffer | undefined): ProxyCall {
  const { method = '', url: path = '/' } = request;
  const bodyText = body?.toString('utf8');
  const call: ProxyCall = {
    ...{ n: calls.length + 1, target, method, path, startedAt: Date.now() },
    ...nameEffect(target, method, path, bodyText),
    ...(bodyText && { bodyText }),
  };
  calls.push(call);
  return call;
}

async function pass(context: PassContext, passing: Passing, body: Buffer | undefined): Promise<'answered' | 'dropped'> {
  const { response, call } = passing;
  // Each fault counts the request, also where an earlier fault hits it.
  const wanted = context.faults.filter((fault) => fault.wants(call));
  const before = wanted.find(({ when }) => when === 'before');
  const after = wanted.find(({ when }) => when === 'after');
  if (before && (await isDroppedBy(before, passing))) return 'dropped';
  const answer = await forward(context, passing, body);
  call.status = answer.statusCode ?? 0;
  // Only a fault needs the whole answer first. Every other answer streams.
  const whole = after && (await buffer(answer));
  if (after && (await isDroppedBy(after, passing))) return 'dropped';
  response.sendDate = false;
  response.writeHead(call.status, answer.statusMessage ?? '', endToEndHeaders(answer.rawHeaders));
  if (whole) response.end(whole);
  else await pipeline(answer, response);
  return 'answered';
}

/** Applies a fault. Returns whether the connection was cut. Throws if the client has gone meanwhile. */
async function isDroppedBy(fault: ArmedFault, { request, call, gone }: Passing): Promise<boolean> {
  const isDropped = (await fault.hit(call, gone)) === 'drop';
  if (isDropped) request.socket.destroy();
  else gone.throwIfAborted();
  return isDropped;
}

/**
 * Sends the request to the target, with `body` if it was read already, otherwise streaming. Resolves with the answer,
 * its body unread. Rejects if the target fails. There is no retry: the call may have taken effect.
 */
function forward(
  { origin, agent }: PassContext,
  { request, gone: signal }: Passing,
  body: Buffer | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, url: path, rawHeaders } = request;
    const headers = endToEndHeaders(rawHeaders);
    const upstream = startRequest({
      ...{ host: origin.hostname, port: origin.port, method, path, headers, agent, signal },
    });
    upstream.once('response', resolve).on('error', reject);
    if (body) upstream.end(body);
    else request.pipe(upstream);
  });
}

/** Headers of one connection (RFC 9110 section 7.6.1). The proxy itself has answered `expect`. */
const PER_CONNECTION = new Set(['connection', 'keep-alive', 'proxy-connection', 'expect']);

/** Name, value, name, value, as received, without the headers of the connection. */
function endToEndHeaders(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_text, at) => !PER_CONNECTION.has((rawHeaders[at - (at % 2)] ?? '').toLowerCase()));
}
