import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
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

/** Node's own client with kept-alive connections: no redirects, no parsing, a timeout that covers the whole exchange. */
export function createSendHttp(): SendHttp {
  const agentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const agents = { http: new http.Agent(agentOptions), https: new https.Agent(agentOptions) };
  return async (request) => {
    try {
      return await exchange(agents, request, AbortSignal.timeout(request.timeoutMs));
    } catch (error) {
      // Only the code may leave this file: the text of an error may quote a header.
      const code = isRecord(error) ? error['code'] : undefined;
      throw new Error(`No answer (${typeof code === 'string' ? code : 'unknown cause'})`);
    }
  };
}

function exchange(
  agents: { http: http.Agent; https: https.Agent },
  { method, url, headers, body, maySend }: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer | 'notSent'> {
  const isSecure = url.startsWith('https:');
  const options = { method, headers: { Accept: 'application/json', ...headers }, signal };
  return new Promise((resolve, reject) => {
    const request = isSecure
      ? https.request(url, { ...options, agent: agents.https })
      : http.request(url, { ...options, agent: agents.http });
    request.on('error', reject);
    request.on('response', (answer) => void readAnswer(answer).then(resolve, reject));
    // A request may wait long for its connection: for one of the 64, for DNS and for TLS. Node writes nothing before `end`.
    request.once('socket', (socket) => {
      const write = () => {
        if (maySend()) return request.end(body);
        resolve('notSent');
        return request.destroy();
      };
      if (socket.connecting) socket.once(isSecure ? 'secureConnect' : 'connect', write);
      else write();
    });
  });
}

function readAnswer(answer: IncomingMessage): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    answer.on('error', reject);
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) answer.destroy(new RangeError('The answer is too long'));
      else chunks.push(chunk);
    });
    answer.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
    });
  });
}
