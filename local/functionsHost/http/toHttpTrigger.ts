import type { IncomingMessage } from 'node:http';
import type { InvocationInput } from '../createInvoker';
import type { NullableString } from '../worker/coreTypes';

/** One HTTP request as the host sends it to the worker: headers and query joined per name, the body as bytes. */
export function toHttpTrigger(
  request: IncomingMessage,
  params: Record<string, string>,
  body: Buffer | undefined,
): InvocationInput {
  const { headers } = request;
  const url = new URL(request.url ?? '/', `http://${headers.host ?? '127.0.0.1'}`);
  const traceParent = headers.traceparent;
  const traceState = headers.tracestate;
  return {
    input: {
      http: {
        method: request.method ?? 'GET',
        url: url.href,
        nullableHeaders: nullable(
          Object.entries(headers).map(([name, value]) => [
            name,
            Array.isArray(value) ? value.join(', ') : (value ?? ''),
          ]),
        ),
        nullableQuery: nullable(
          [...new Set(url.searchParams.keys())].map((name) => [
            name,
            url.searchParams.getAll(name).join(','),
          ]),
        ),
        nullableParams: nullable(Object.entries(params)),
        body: body ? { bytes: body } : null,
      },
    },
    trace: {
      ...(typeof traceParent === 'string' ? { traceParent } : {}),
      ...(typeof traceState === 'string' ? { traceState } : {}),
    },
  };
}

function nullable(entries: Iterable<readonly [string, string]>): Record<string, NullableString> {
  return Object.fromEntries([...entries].map(([name, value]) => [name, { value }]));
}
