import http, { type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { MOST_CALLS } from './limits';

export interface PostRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** `noAnswer`: the code of what prevented an answer. Whether the request took effect is unknown then. */
export type PostAnswer = { status: number; headers: IncomingHttpHeaders } | { noAnswer: string };

/** Sends one request. Never rejects. */
export type Post = (request: PostRequest) => Promise<PostAnswer>;

export interface PostOptions {
  /** How names are resolved. Absent: as the system does. */
  lookup?: LookupFunction;
  /** Milliseconds for connecting, sending and the whole answer together. */
  timeoutMs?: number;
}

/** A receiver should store an event and answer at once. */
const TIMEOUT_MS = 10_000;
/** Nothing of an answer but its status and head is used. It is read so that its connection can be used again. */
const MOST_ANSWER_BYTES = 4 * 1024;

/** POST over connections that are kept alive. Redirects are not followed: they could lead anywhere. */
export function createPost({ lookup, timeoutMs = TIMEOUT_MS }: PostOptions = {}): Post {
  const agentOptions = { keepAlive: true, maxSockets: MOST_CALLS };
  const agents = { http: new http.Agent(agentOptions), https: new https.Agent(agentOptions) };

  function exchange({ url, headers, body }: PostRequest): Promise<PostAnswer & { isStale?: boolean }> {
    const isSecure = url.startsWith('https:');
    const options = {
      method: 'POST',
      agent: isSecure ? agents.https : agents.http,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      ...(lookup === undefined ? {} : { lookup }),
    };
    return new Promise((resolve) => {
      const request = (isSecure ? https : http).request(url, options);
      const onTimeout = () => request.destroy(Object.assign(new Error('ETIMEDOUT'), { code: 'ETIMEDOUT' }));
      const timer = setTimeout(onTimeout, timeoutMs);
      const settle = (answer: PostAnswer & { isStale?: boolean }) => {
        clearTimeout(timer);
        resolve(answer);
      };
      // Its status says how the request ended, whatever happens to the rest of the answer.
      let head: PostAnswer | undefined;
      request.on('response', (answer) => {
        const known = { status: answer.statusCode ?? 0, headers: answer.headers };
        head = known;
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MOST_ANSWER_BYTES) answer.destroy();
        });
        answer.on('error', () => undefined);
        answer.on('close', () => settle(known));
      });
      request.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
        const isStale = request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
        settle(head ?? { noAnswer: code, isStale });
      });
      request.end(body);
    });
  }

  return async (request) => {
    const answer = await exchange(request);
    // A server may close an idle connection at the moment in which it is used (http.html, request.reusedSocket).
    return answer.isStale === true ? exchange(request) : answer;
  };
}
