import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** What came back from the receiver. */
export type ReceiverAnswer =
  { status: number; contentType: string; body: string } | { error: 'timeout' | 'aborted' | 'unreachable' };

/** Posts one body with Content-Length set (the Functions host reads a chunked body as empty) and a hard time limit. */
export type PostToReceiver = (
  url: string,
  body: string,
  options: { timeoutMs: number; contentType: string; signal: AbortSignal },
) => Promise<ReceiverAnswer>;

/** Makes the client that speaks to receivers; `close` ends its idle connections. */
export function createPostToReceiver(): { post: PostToReceiver; close: () => void } {
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxSockets: 64 }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: 64 }),
  };

  const post: PostToReceiver = (url, body, options) =>
    new Promise((resolve) => {
      const secure = url.startsWith('https:');
      const send = secure ? httpsRequest : httpRequest;
      const bytes = Buffer.from(body, 'utf8');
      let settled = false;
      const settle = (answer: ReceiverAnswer) => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        options.signal.removeEventListener('abort', onAbort);
        request.destroy();
        resolve(answer);
      };
      const onAbort = () => {
        settle({ error: 'aborted' });
      };
      const timer = setTimeout(() => {
        settle({ error: 'timeout' });
      }, options.timeoutMs);
      const request = send(
        url,
        {
          method: 'POST',
          agent: secure ? agents.https : agents.http,
          headers: { 'content-type': options.contentType, 'content-length': bytes.length },
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', () => {
            settle({ error: 'unreachable' });
          });
          response.on('end', () => {
            // The socket goes back to the agent, so the request must not be destroyed.
            settled = true;
            clearTimeout(timer);
            options.signal.removeEventListener('abort', onAbort);
            resolve({
              status: response.statusCode ?? 0,
              contentType: response.headers['content-type'] ?? '',
              body: Buffer.concat(parts).toString('utf8'),
            });
          });
        },
      );
      request.on('error', () => {
        settle({ error: 'unreachable' });
      });
      options.signal.addEventListener('abort', onAbort);
      request.end(bytes);
    });

  return {
    post,
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
