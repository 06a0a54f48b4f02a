import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DescribedFunction } from '../describeFunctions';
import { DEFAULT_BODY_LIMIT } from './readBody';
import { answer } from './writeAnswer';

interface AdminDependencies {
  readonly functions: readonly DescribedFunction[];
  /** Not triggered, but still run when asked for here (documentation page disable-function). */
  readonly disabled: readonly DescribedFunction[];
  readonly running: () => number;
  readonly stopping: () => boolean;
  /** Starts one run of a queue or timer function with the given input, without waiting for its end. */
  readonly runNow: (fn: DescribedFunction, input: string) => void;
}

/**
 * `POST /admin/functions/{name}` runs a queue or timer function now and answers 202 at once; `GET /admin/host/status` says
 * how much is under way. Departures: no master key is asked for, and HTTP functions are refused (call their route).
 */
export function createAdmin({ functions, disabled, running, stopping, runNow }: AdminDependencies) {
  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> => {
    if (path === '/admin/host/status' && request.method === 'GET') {
      answer(response, 200, {
        state: stopping() ? 'Stopping' : 'Running',
        functions: functions.length,
        running: running(),
      });
      return true;
    }
    const name = /^\/admin\/functions\/([^/]+)$/.exec(path)?.[1];
    if (name === undefined || request.method !== 'POST') return false;
    const fn = [...functions, ...disabled].find(
      (one) => one.name.toLowerCase() === decodeURIComponent(name).toLowerCase(),
    );
    const input = await readInput(request);
    if (!fn) answer(response, 404);
    else if (fn.type === 'http')
      answer(response, 400, { message: `${fn.name} is an HTTP function: call its route.` });
    else if (input === undefined)
      answer(response, 400, { message: 'The body must be JSON such as {"input": "…"}.' });
    else {
      runNow(fn, input);
      answer(response, 202);
    }
    return true;
  };
}

/** The `input` of the body as text; an empty body counts as no input; undefined when it is not JSON. */
async function readInput(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > DEFAULT_BODY_LIMIT) return undefined;
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8').trim();
  if (text === '') return '';
  try {
    const json: unknown = JSON.parse(text);
    const input = typeof json === 'object' && json !== null && 'input' in json ? json.input : undefined;
    if (input === undefined || input === null) return '';
    return typeof input === 'string' ? input : JSON.stringify(input);
  } catch {
    return undefined;
  }
}
