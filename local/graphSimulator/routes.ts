import type { Access } from './permissions';
import type { Reply } from './reply';
import type { RoutedCall } from './graphCall';

/** One documented call of Graph. */
export interface Route {
  method: string;
  /** Path below the version; `{name}` takes one segment. */
  template: string;
  access: Access;
  /** Delegated permissions for a Printer Administrator; a signed-in user may not make the call when absent. */
  scopes?: readonly string[];
  /** Documentation page, in the repository microsoft-graph-docs-contrib below api-reference/v1.0/api. */
  page: string;
  handle: (call: RoutedCall) => Reply | Promise<Reply>;
}

/** A route and the ids of the path, lower-cased; `/print/printers('id')` counts as `/print/printers/id`. */
interface RouteMatch {
  route: Route;
  params: Record<string, string>;
}

/** Finds the route of a path; literal segments are matched without regard to case. */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | undefined {
  const segments = splitPath(path);
  for (const route of routes) {
    if (route.method !== method) continue;
    const params = matchTemplate(splitPath(route.template), segments);
    if (params) return { route, params };
  }
  return undefined;
}

function splitPath(path: string): string[] {
  return path
    .replace(/\('([^']*)'\)/g, '/$1')
    .split('/')
    .filter((segment) => segment !== '');
}

function matchTemplate(template: string[], segments: string[]): Record<string, string> | undefined {
  if (template.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of template.entries()) {
    const segment = (segments[index] ?? '').toLowerCase();
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) {
      if (part.toLowerCase() !== segment) return undefined;
    } else {
      try {
        params[name] = decodeURIComponent(segment);
      } catch {
        return undefined;
      }
    }
  }
  return params;
}
