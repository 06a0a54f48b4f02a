import { z } from 'zod';

/** What a handler throws to answer with an error status. The servers write it in their own error shape. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

/** The refusal behind an error. A body that a schema did not accept is a 400. Rethrows any other error. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof z.ZodError) return new Refusal(400, 'InvalidRequest', z.prettifyError(error));
  if (error instanceof Refusal) return error;
  throw error;
}

/** The refusal for anything that does not exist, or not for this caller. */
export function notFound(what: string): Refusal {
  return new Refusal(404, 'itemNotFound', `${what} does not exist.`);
}

/** Gives the value. Throws 404 when it is undefined. */
export function requireFound<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw notFound(what);
  return value;
}

/** The text as JSON, or undefined when it is empty. Throws a refusal with 400 for anything else. */
export function parseJson(text: string): unknown {
  try {
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch {
    throw new Refusal(400, 'BadRequest', 'The body is not JSON.');
  }
}

/**
 * Makes a router over calls such as `GET /print/printers/{printerId}`. Case does not matter, and the key form
 * `/print/printers('id')` is the same path. `params` are the decoded, lower-cased segments at each `{name}`.
 */
export function createRouter<Route extends { call: string }>(routes: readonly Route[]) {
  const compiled = routes.map((route) => {
    const [method = '', template = ''] = route.call.split(' ');
    const pattern = template.replaceAll(/[.$]/g, '\\$&').replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    return { route, method, template, pattern: new RegExp(`^${pattern}/?$`, 'i') };
  });
  return (method: string, path: string) => {
    const plain = decode(path).replaceAll(/\('([^']*)'\)/g, '/$1');
    for (const { route, template, pattern } of compiled.filter((one) => one.method === method)) {
      const found = pattern.exec(plain);
      if (!found) continue;
      const params: Record<string, string> = {};
      for (const [name, segment] of Object.entries(found.groups ?? {})) params[name] = segment.toLowerCase();
      return { route, template, params };
    }
    return undefined;
  };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
