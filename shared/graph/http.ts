import http from 'node:http';
import https from 'node:https';
import axios, { AxiosError } from 'axios';

export interface HttpRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  /** JSON text. */
  body?: string;
  /** Milliseconds for connecting, sending and the whole answer together. */
  timeoutMs: number;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, unknown>>;
  body: string;
}

/**
 * Resolves for any status. Rejects when no complete answer arrived, so that the outcome of the request is unknown, with an
 * Error whose message is safe to show.
 */
export type SendHttp = (request: HttpRequest) => Promise<HttpAnswer>;

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
  return async ({ method, url, headers, body, timeoutMs }) => {
    try {
      const answer = await client.request<unknown>({
        method,
        url,
        headers: { Accept: 'application/json', ...headers },
        signal: AbortSignal.timeout(timeoutMs),
        data: body,
      });
      const text = typeof answer.data === 'string' ? answer.data : '';
      return { status: answer.status, headers: { ...answer.headers }, body: text };
    } catch (error) {
      // An axios error holds the request with its bearer token: only its code may leave this file.
      const code = error instanceof AxiosError ? error.code : undefined;
      throw new Error(`No answer (${code ?? 'unknown cause'})`);
    }
  };
}
