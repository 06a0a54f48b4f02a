import type { HttpFunction } from '../describeFunctions';
import { compileRoute } from './compileRoute';

export interface RouteMatch {
  readonly fn: HttpFunction;
  readonly params: Record<string, string>;
}

/** Finds the function for a method and a path (leading slash, still encoded, no query). */
export type Router = (method: string, path: string) => RouteMatch | undefined;

/**
 * A router over all HTTP functions. The method is a route constraint in the host, so a known route with another method
 * is no match and answered 404, never 405 (WebScriptHostHttpRoutesManager). Throws where a route cannot be read.
 */
export function createRouter(functions: readonly HttpFunction[], routePrefix: string): Router {
  const routes = functions
    .map((fn) => ({ fn, route: compileRoute(routePrefix === '' ? fn.route : `${routePrefix}/${fn.route}`) }))
    .sort((a, b) =>
      a.route.precedence < b.route.precedence ? -1 : a.route.precedence > b.route.precedence ? 1 : 0,
    );
  return (method, path) => {
    const relative = path.replace(/^\//, '');
    for (const { fn, route } of routes) {
      if (fn.methods.length > 0 && !fn.methods.includes(method)) continue;
      const params = route.match(relative);
      if (params) return { fn, params };
    }
    return undefined;
  };
}
