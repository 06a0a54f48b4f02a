import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import axios from 'axios';
import { isRecord } from '../parse';

export interface HttpRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  /** JSON text. */
  body?: string;
  /** Milliseconds for connecting, sending and the whole answer together. */
  timeoutMs: number;
  /** The last step before the request is written, on a connection that is ready. False: nothing is written. */
  maySend: () => boolean;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, unknown>>;
  body: string;
}

/**
 * Resolves for any status, or with `notSent` where `maySend` said so. Rejects when no complete answer arrived, so that the
 * outcome of the request is unknown, with an Error whose message is safe to show.
 */
export type SendHttp = (request: HttpRequest) => Promise<HttpAnswer | 'notSent'>;

/** Above the 24 messages that one instance handles at a time. Azure limits the outbound ports of an instance. */
const MAX_SOCKETS = 64;
/** Graph's answers of print have some KiB, a page of a listing some hundred. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** axios with kept-alive connections, no redirects, no parsing, and a timeout that covers the whole exchange. */
export function createSendHttp(): SendHttp {
  const agentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const client = axios.create({
    httpAgent: new http.Agent(agentOptions),
    httpsAgent: new https.Agent(agentOptions),
    maxRedirects: 0,
    maxContentLength: MAX_ANSWER_BYTES,
    proxy: false,
    responseType: 'text',
    transformRequest: [(body: unknown) => body],
    transformResponse: [(body: unknown) => body],
    validateStatus: () => true,
  });
  return async ({ method, url, headers, body, timeoutMs, maySend }) => {
    const held = holdBody(url, body, maySend);
    try {
      const answer = await client.request<unknown>({
        method,
        url,
        headers: { Accept: 'application/json', ...headers, ...lengthOf(body) },
        signal: AbortSignal.timeout(timeoutMs),
        data: held.data,
        transport: held.transport,
      });
      const text = typeof answer.data === 'string' ? answer.data : '';
      return { status: answer.status, headers: { ...answer.headers }, body: text };
    } catch (error) {
      if (held.isStopped()) return 'notSent';
      // An axios error holds the request with its bearer token: only its code may leave this file.
      const code = isRecord(error) ? error['code'] : undefined;
      throw new Error(`No answer (${typeof code === 'string' ? code : 'unknown cause'})`);
    }
  };
}

/**
 * A request may wait long for its connection: for one of the 64 sockets, for DNS and for TLS. Node writes the head of a
 * request with the first part of its body or with its end, so the body, empty or not, is given on the ready connection.
 */
function holdBody(url: string, body: string | undefined, maySend: () => boolean) {
  const isSecure = url.startsWith('https:');
  let isStopped = false;
  const data = new Readable({ read: () => undefined });
  const watch = (request: ClientRequest): ClientRequest =>
    request.once('socket', (socket) => {
      const give = () => {
        isStopped = !maySend();
        if (isStopped) return request.destroy();
        if (body !== undefined) data.push(body);
        return data.push(null);
      };
      if (socket.connecting) socket.once(isSecure ? 'secureConnect' : 'connect', give);
      else give();
    });
  const transport = {
    request: (options: https.RequestOptions, onAnswer: (answer: http.IncomingMessage) => void) =>
      watch((isSecure ? https : http).request(options, onAnswer)),
  };
  return { data, transport, isStopped: () => isStopped };
}

/** Without it a body of unknown length is sent in chunks. */
function lengthOf(body: string | undefined): Record<string, number> {
  return body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
}
