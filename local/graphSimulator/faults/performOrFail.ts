import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallRecord } from '../control/controlTypes';
import { Refusal } from '../http/readRequest';
import { connectionReset, type Reply } from '../http/server';
import type { Simulation } from '../world/simulation';

/**
 * Performs a call unless an outage or a fault rule decides otherwise. The record names which one acted. An outage answers
 * 503, which callers try again later (concepts/errors.md). Throws a refusal to answer with an error.
 */
export async function performOrFail(simulation: Simulation, record: CallRecord, perform: () => Promise<Reply>) {
  const { world, faults, random, closed } = simulation;
  const { outage } = world;
  if (outage && (record.target !== 'token' || outage.tokens)) {
    record.fault = 'outage';
    if (outage.answer === 'reset') return connectionReset;
    throw failure(record, 503, outage.retryAfterSeconds?.toString());
  }
  const fault = faults.take(record);
  if (!fault) return perform();
  record.fault = fault.id;
  const { action } = fault;
  if (action.type === 'reset') return connectionReset;
  if (action.type === 'break' || action.type === 'crawl') {
    const reply = await perform();
    if (!(reply.body instanceof Readable)) return reply;
    const slow = action.type === 'break' ? breakAfter(reply.body, action.bytes) : crawl(reply.body, action, closed);
    return { ...reply, body: Readable.from(slow, { objectMode: false }) };
  }
  if (action.type !== 'status') {
    const isClosed = await sleep(action.ms, false, { signal: closed }).catch(() => true);
    return isClosed || action.type === 'hang' ? connectionReset : perform();
  }
  const { status, code, retryAfterSeconds: least, retryAfterMaxSeconds: most } = action;
  if (least === undefined || most === undefined) throw failure(record, status, least?.toString(), code);
  // Fractions occur in practice (2.128).
  throw failure(record, status, (least + random() * (most - least)).toFixed(3), code);
}

/** The first bytes of a download, and then no more: the connection is cut. */
async function* breakAfter(content: Readable, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left < 0) throw new Error('The download is cut.');
  }
}

const CRAWL_EVERY_MS = 100;

/** A download at so many bytes in a second. */
async function* crawl(
  content: Readable,
  { bytesPerSecond }: { bytesPerSecond: number },
  closed: AbortSignal,
): AsyncGenerator<Buffer> {
  const step = Math.max(1, Math.round((bytesPerSecond * CRAWL_EVERY_MS) / 1_000));
  for await (const chunk of content as AsyncIterable<Buffer>) {
    for (let sent = 0; sent < chunk.length; sent += step) {
      yield chunk.subarray(sent, sent + step);
      await sleep(CRAWL_EVERY_MS, undefined, { signal: closed });
    }
  }
}

function failure({ target }: CallRecord, status: number, retryAfter?: string, code = codeOf(target, status)): Refusal {
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  return new Refusal(status, code, 'An outage or a fault of the simulator.', headers);
}

function codeOf(target: CallRecord['target'], status: number): string {
  if (target === 'token') return 'temporarily_unavailable';
  return status === 429 ? 'TooManyRequests' : 'serviceNotAvailable';
}
