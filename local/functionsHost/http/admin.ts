import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Activity } from '../activity';
import type { DescribedFunction } from '../functions';
import { toJsonObject } from '../hostError';
import { parseSchedule } from '../timer/schedule';
import { toTimerInput } from '../timer/timerListener';
import type { Invoker } from '../worker/dispatcher';
import { readBody, respond } from './httpData';

interface AdminDependencies {
  readonly functions: readonly DescribedFunction[];
  /** Not triggered, but these routes can still run them (documentation page disable-function). */
  readonly disabled: readonly DescribedFunction[];
  readonly activity: Activity;
  readonly isStopping: () => boolean;
  readonly invoke: Invoker;
  /** How many instances the platform would ask for, by the name of each queue function. */
  readonly scaleTargets: () => Promise<Record<string, number>>;
}

/** Handles a request below `/admin/`. Resolves to false if the path is not one of its routes. */
export type Admin = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>;

/**
 * `POST /admin/functions/{name}` runs a queue or timer function now and answers 202 at once. `GET /admin/host/status`
 * returns how many invocations run, and `GET /admin/host/scale` how many instances the platform would ask for, which no
 * route of Azure says. Difference from Azure: HTTP functions are refused.
 */
export function createAdmin(deps: AdminDependencies): Admin {
  const { functions, disabled, activity, isStopping, invoke } = deps;
  return async (request, response, path) => {
    if (path === '/admin/host/status' && request.method === 'GET') {
      const state = isStopping() ? 'Stopping' : 'Running';
      respond(response, 200, { state, functions: functions.length, running: activity.running() });
      return true;
    }
    if (path === '/admin/host/scale' && request.method === 'GET') {
      respond(response, 200, await deps.scaleTargets());
      return true;
    }
    const name = /^\/admin\/functions\/([^/]+)$/.exec(path)?.[1];
    if (name === undefined || request.method !== 'POST') return false;
    const wanted = decodeURIComponent(name).toLowerCase();
    const fn = [...functions, ...disabled].find((one) => one.name.toLowerCase() === wanted);
    const body = await readBody(request);
    const input = parseInput(body.toString('utf8').trim());
    const isJson = /^application\/json\b/i.test(request.headers['content-type'] ?? '');
    if (!isJson) respond(response, 415);
    else if (!fn) respond(response, 404);
    else if (fn.type === 'http') respond(response, 400, { message: `${fn.name} is an HTTP function: call its route.` });
    else if (input === undefined) respond(response, 400, { message: 'The body must be JSON such as {"input": "…"}.' });
    else {
      // Not awaited: the answer does not wait for the end of the run.
      const timer = fn.type === 'timer' && toTimerInput(parseSchedule(fn.schedule), undefined, false);
      void invoke(fn, { input: timer || { string: input } });
      respond(response, 202);
    }
    return true;
  };
}

/** The `input` of the body as text. An empty body has the input ''. Undefined if the body is not a JSON object. */
function parseInput(text: string): string | undefined {
  if (text === '') return '';
  const json = toJsonObject(text);
  const input = json?.input ?? '';
  return json && (typeof input === 'string' ? input : JSON.stringify(input));
}
