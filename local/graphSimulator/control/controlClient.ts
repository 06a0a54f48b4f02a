import type { z } from 'zod';
import { controlApi, type AnswerOf, type ControlApi, type ControlName } from './controlApi';

type PathIds<Call> = Call extends `${string}{${string}}${infer Rest}` ? [id: string, ...PathIds<Rest>] : [];
type Request<Input> = [Input] extends [undefined]
  ? []
  : Record<never, never> extends Input
    ? [request?: Input]
    : [request: Input];

/**
 * The control API as one function per row of the table: the ids of the path in their order, then the request. Each
 * rejects with the method, path, status and message of a refused call.
 */
export type ControlClient = {
  [Name in ControlName]: (
    ...args: [...PathIds<ControlApi[Name]['call']>, ...Request<z.input<NonNullable<ControlApi[Name]['request']>>>]
  ) => Promise<AnswerOf<Name>>;
};

/** A call that the simulator has refused. */
export class ControlError extends Error {
  override readonly name = 'ControlError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Where the control API is, as the ready line says. */
export interface ControlAddress {
  readonly controlUrl: string;
  readonly controlToken: string;
}

/**
 * Calls the control API.
 *
 * @example
 * const control = createControlClient(simulator);
 * const [job] = await control.print(tenantId, { printerId });
 */
export function createControlClient({ controlUrl, controlToken }: ControlAddress): ControlClient {
  const send = async (name: ControlName, args: unknown[]): Promise<unknown> => {
    const { call, answer } = controlApi[name];
    const [method = '', template = ''] = call.split(' ');
    const rest = [...args];
    let path = template.replaceAll(/\{\w+\}/g, () => encodeURIComponent(String(rest.shift())));
    const [request] = rest;
    const headers: Record<string, string> = { authorization: `Bearer ${controlToken}` };
    const init: RequestInit = { method, headers };
    if (method === 'GET') path += queryOf(request);
    else if (request !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = JSON.stringify(request);
    }
    const response = await fetch(`${controlUrl}${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new ControlError(response.status, `${method} ${path} answered ${response.status}: ${text}`);
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    return answer.member === undefined ? body : new Map(Object.entries(body ?? {})).get(answer.member);
  };
  const names = Object.keys(controlApi) as ControlName[];
  const client = names.map((name) => [name, (...args: unknown[]) => send(name, args)]);
  // The types of the answers are the simulator's promise, which the compiler checks on its side of the same table.
  return Object.fromEntries(client) as ControlClient;
}

function queryOf(request: unknown): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request ?? {})) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query.toString()}`;
}
