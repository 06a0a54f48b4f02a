import { request as startRequest, type Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ArmedFault, FaultList } from './faults';
import type { ProxyCall } from './proxyCall';

/** The record of a call while the proxy still writes it. */
export type OpenCall = { -readonly [key in keyof ProxyCall]: ProxyCall[key] };

export interface PassContext {
  readonly target: URL;
  readonly agent: Agent;
  readonly faults: FaultList;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Opens the record of a received request. */
  record(request: IncomingMessage, body: Buffer | undefined): OpenCall;
}

interface Passing {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly call: OpenCall;
  /** Aborted when the client has closed its connection. */
  readonly gone: AbortSignal;
}

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
  let call: OpenCall | undefined;
  try {
    const body = await readSmallBody(request);
    call = context.record(request, body);
    call.end = await pass(context, { request, response, call, gone: gone.signal }, body);
  } catch {
    if (call) call.end = gone.signal.aborted ? 'clientGone' : 'targetFailed';
    request.socket.destroy();
  }
  if (call) call.answeredAt = context.now();
}

async function pass(context: PassContext, passing: Passing, body: Buffer | undefined): Promise<'answered' | 'dropped'> {
  const { response, call } = passing;
  const { before, after } = context.faults.meet(call);
  if (before && (await isDroppedBy(before, context, passing))) return 'dropped';
  const answer = await forward(context, passing, body);
  call.status = answer.statusCode ?? 0;
  // Only a fault needs the whole answer first. Every other answer streams.
  const whole = after && (await readAll(answer));
  if (after && (await isDroppedBy(after, context, passing))) return 'dropped';
  response.sendDate = false;
  response.writeHead(call.status, answer.statusMessage ?? '', endToEndHeaders(answer.rawHeaders));
  if (whole) response.end(whole);
  else await pipeline(answer, response);
  return 'answered';
}

/** Applies a fault. Returns whether the connection was cut. Throws if the client has gone meanwhile. */
async function isDroppedBy(fault: ArmedFault, context: PassContext, { request, call, gone }: Passing) {
  const { action } = fault;
  const decided = await Promise.race([fault.hit(call), aborted(gone)]);
  if (action === 'drop' || decided === 'drop') {
    request.socket.destroy();
    return true;
  }
  if (typeof action === 'object') await context.sleep(action.delayMs, gone);
  gone.throwIfAborted();
  return false;
}

function aborted(signal: AbortSignal): Promise<'continue'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('continue');
    else signal.addEventListener('abort', () => resolve('continue'), { once: true });
  });
}

/**
 * Sends the request to the target, with `body` if it was read already, otherwise streaming. Resolves with the answer,
 * its body unread. Rejects if the target fails. There is no retry: the call may have taken effect.
 */
function forward(
  { target, agent }: PassContext,
  { request, gone: signal }: Passing,
  body: Buffer | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, url: path, rawHeaders } = request;
    const headers = endToEndHeaders(rawHeaders);
    const upstream = startRequest({
      ...{ host: target.hostname, port: target.port, method, path, headers, agent, signal },
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

/** A queue message has at most 64 KiB, a table entity usually a few. Larger bodies stream and are not recorded. */
const RECORDED_BYTES = 128 * 1024;

/** The body if its declared length is small, else undefined and unread. Rejects if the client aborts. */
async function readSmallBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const length = Number(request.headers['content-length']);
  return length <= RECORDED_BYTES ? readAll(request) : undefined;
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) if (Buffer.isBuffer(part)) parts.push(part);
  return Buffer.concat(parts);
}
