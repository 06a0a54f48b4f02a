import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** The limit of the webhook. */
const BODY_BYTES = 1024 * 1024;

/** Bodies that anyone can post and that cost most, by name: each as long as the webhook takes, the last one longer. */
export function floodBodies(keyId: string): Record<string, Buffer> {
  const fill = (head: string, part: (index: number) => string, tail: string) => {
    const parts: string[] = [];
    for (let length = head.length + tail.length, index = 0; ; index += 1) {
      const next = part(index);
      length += next.length;
      if (length > BODY_BYTES) return Buffer.from(head + parts.join('') + tail);
      parts.push(next);
    }
  };
  const withState = (state: () => string) => () =>
    `{"tenantId":"${randomUUID()}","clientState":"${state()}","resource":"print/printers/x/jobs/1"},`;
  const mac = () => `${randomUUID()}${randomUUID()}`.replaceAll('-', '').slice(0, 43);
  const stateOf = (key: string) => () => `${key}.0.${'t'.repeat(22)}.${mac()}`;
  return {
    'small objects with different names': fill('{"value":[', (index) => `{"a${index}":${index}},`, '{}]}'),
    'one object with different names': fill('{"value":[{', (index) => `"a${index}":${index},`, '"b":1}]}'),
    'different names beside value': fill('{', (index) => `"a${index}":${index},`, '"value":[]}'),
    'brackets never closed': fill('{"value":', () => '[', ''),
    'wrong macs under a known key': fill('{"value":[', withState(stateOf(keyId)), '{}]}'),
    'unknown keys': fill('{"value":[', withState(stateOf('nobody')), '{}]}'),
    'escaped characters': fill('{"value":[{"tenantId":"', () => '\\u0061', '"}]}'),
    'validation tokens': fill('{"validationTokens":[', () => '"a",', '"b"],"value":[{}]}'),
    'more than the limit': Buffer.alloc(BODY_BYTES + BODY_BYTES / 2, ' '),
  };
}

/** The flood under which Graph's posts waited 17 s in the median: 12 connections, 8 MB/s in all. */
const SENDERS = 12;
const BYTES_PER_SECOND = 8_000_000;

/** Posts `body` on 12 connections, 8 MB/s in all, until it is stopped. An answer may be anything but none. */
export function startFlood(url: string, body: Buffer): { stop(): Promise<{ answers: Record<number, number> }> } {
  const agent = new http.Agent({ keepAlive: true, maxSockets: SENDERS });
  const answers: Record<number, number> = {};
  const intervalMs = (SENDERS * body.length * 1_000) / BYTES_PER_SECOND;
  let isStopped = false;
  const send = async (sender: number) => {
    await delay((sender * intervalMs) / SENDERS);
    while (!isStopped) {
      const next = delay(intervalMs);
      const status = await postBytes(agent, url, body);
      answers[status] = (answers[status] ?? 0) + 1;
      await next;
    }
  };
  const senders = Promise.all(Array.from({ length: SENDERS }, (_, index) => send(index)));
  return {
    async stop() {
      isStopped = true;
      await senders;
      agent.destroy();
      return { answers };
    },
  };
}

/** POSTs a body on a connection of `agent`, and gives the status. */
export function postBytes(agent: http.Agent, url: string, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const request = http.request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      // The server closed a kept connection at this moment (documentation of Node: request.reusedSocket).
      if (request.reusedSocket && error.code === 'ECONNRESET') postBytes(agent, url, body).then(resolve, reject);
      else reject(error);
    });
    request.end(body);
  });
}

/** The 95th percentile. */
export function p95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(0.95 * sorted.length) - 1] ?? NaN;
}
