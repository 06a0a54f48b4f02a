import type { HttpFunction } from '../functions';

export interface RouteMatch {
  readonly fn: HttpFunction;
  readonly params: Record<string, string>;
}

/** Finds the function for a method and a path (with leading slash, still percent-encoded, without query). */
export type Router = (method: string, path: string) => RouteMatch | undefined;

/**
 * A router over all HTTP functions. The method is a route constraint in the host, so a known route with another method
 * does not match and is answered with 404, never 405 (WebScriptHostHttpRoutesManager). Throws if it cannot parse a route.
 */
export function createRouter(functions: readonly HttpFunction[], routePrefix: string): Router {
  const routes = functions
    .map((fn) => ({ fn, route: compileRoute(routePrefix === '' ? fn.route : `${routePrefix}/${fn.route}`) }))
    .sort((a, b) => Number(a.route.precedence > b.route.precedence) || -1);
  return (method, path) => {
    const relative = path.replace(/^\//, '');
    for (const { fn, route } of routes) {
      const isAllowed = fn.methods.length === 0 || fn.methods.includes(method);
      const params = isAllowed ? route.match(relative) : undefined;
      if (params) return { fn, params };
    }
    return undefined;
  };
}

interface Segment {
  readonly kind: 'literal' | 'parameter' | 'rest';
  /** The literal text, or the name of the parameter. */
  readonly text: string;
  readonly optional: boolean;
  readonly checks: readonly Check[];
}

/**
 * Compiles the route of an HTTP trigger: literals (any case), `{name}`, `{name?}`, `{name:constraint:…}`, `{*rest}`.
 * Throws if it cannot parse the template. Segments that mix text and parameters are not supported.
 */
export function compileRoute(template: string) {
  const segments = template.split('/').filter(Boolean).map(parseSegment);
  return {
    /** Lower is more specific and tried first, segment by segment, as in ASP.NET Core's route precedence. */
    precedence: segments.map(rank).join(''),
    /** The route values if the path (without the leading slash, still percent-encoded) matches. */
    match(path: string): Record<string, string> | undefined {
      const parts = path.replace(/\/$/, '').split('/');
      const values: Record<string, string> = {};
      for (const [index, { kind, text, optional, checks }] of segments.entries()) {
        const value = (kind === 'rest' ? parts.splice(index) : parts.slice(index, index + 1)).map(decode).join('/');
        if (kind === 'literal') {
          if (value.toLowerCase() !== text.toLowerCase()) return undefined;
        } else if (value === '') {
          if (!optional) return undefined;
        } else {
          if (!checks.every((check) => check(value))) return undefined;
          values[text] = value;
        }
      }
      return parts.length > segments.length ? undefined : values;
    },
  };
}

function parseSegment(text: string): Segment {
  if (!/[{}]/.test(text)) return { kind: 'literal', text, optional: false, checks: [] };
  const match = /^\{(\*{0,2})([A-Za-z_][\w.-]*)((?::[^:{}?]+)*)(\?)?\}$/.exec(text);
  if (!match) throw new Error(`route segment "${text}" is not understood`);
  const [, stars, name = '', constraints = '', optional] = match;
  const checks = constraints.split(':').slice(1).map(findConstraint);
  if (stars !== '') return { kind: 'rest', text: name, optional: true, checks };
  return { kind: 'parameter', text: name, optional: optional !== undefined, checks };
}

/** A constrained parameter is more specific than a plain one. */
function rank({ kind, checks }: Segment): number {
  if (kind === 'literal') return 1;
  return (kind === 'parameter' ? 3 : 5) - Math.sign(checks.length);
}

/** Route values arrive decoded, but for `%2F`. Text that is not a valid escape stays unchanged. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part.replace(/%2f/gi, (slash) => `%25${slash.slice(1)}`));
  } catch {
    return part;
  }
}

type Check = (value: string) => boolean;

/** The constraints without an argument that apps use most (ASP.NET Core "Route constraints"). */
const CONSTRAINTS = new Map<string, Check>([
  ['int', (value) => /^[+-]?\d+$/.test(value) && Math.abs(Number(value)) <= 2_147_483_647],
  ['bool', (value) => /^(true|false)$/i.test(value)],
  ['guid', (value) => /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(value)],
  ['alpha', (value) => /^[a-z]*$/i.test(value)],
]);

function findConstraint(name: string): Check {
  const check = CONSTRAINTS.get(name.toLowerCase());
  if (check) return check;
  throw new Error(`route constraint "${name}" is not supported by the local host (int, bool, guid and alpha are)`);
}
