import { z } from 'zod';

/** A request that is answered with an error status; the servers write it in their own error shape. */
interface Refusal extends Error {
  status: number;
  code: string;
}

/** Makes the error that a handler throws to answer with `status`. */
export function refusal(status: number, code: string, message: string): Refusal {
  return Object.assign(new Error(message), { status, code });
}

/** The refusal that an error stands for: one made by `refusal`, or a body that a schema did not accept (400). Rethrows others. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof z.ZodError) return refusal(400, 'InvalidRequest', z.prettifyError(error));
  if (isRefusal(error)) return error;
  throw error;
}

function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && 'status' in error && 'code' in error;
}

/** The text as JSON, or undefined when it is empty. Throws a refusal with 400 for anything else. */
export function parseJson(text: string): unknown {
  try {
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch {
    throw refusal(400, 'BadRequest', 'The body is not JSON.');
  }
}

/** Finds the route of a method and path; `params` are the decoded, lower-cased segments that `{name}` stands for. */
type FindRoute<Route> = (method: string, path: string) => { route: Route; params: Record<string, string> } | undefined;

/**
 * Makes a router over paths such as `/print/printers/{printerId}`. Case does not matter, and the key form
 * `/print/printers('id')` is the same path.
 */
export function createRouter<Route extends { method: string; path: string }>(
  routes: readonly Route[],
): FindRoute<Route> {
  const compiled = routes.map((route) => {
    const pattern = route.path.replaceAll(/[.$]/g, '\\$&').replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    return { route, pattern: new RegExp(`^${pattern}/?$`, 'i') };
  });
  return (method, path) => {
    const plain = decode(path).replaceAll(/\('([^']*)'\)/g, '/$1');
    for (const { route, pattern } of compiled) {
      const found = route.method === method ? pattern.exec(plain) : null;
      if (!found) continue;
      const params: Record<string, string> = {};
      for (const [name, segment] of Object.entries(found.groups ?? {})) params[name] = segment.toLowerCase();
      return { route, params };
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
