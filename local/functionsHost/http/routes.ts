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
      if (fn.methods.length > 0 && !fn.methods.includes(method)) continue;
      const params = route.match(relative);
      if (params) return { fn, params };
    }
    return undefined;
  };
}

export interface Route {
  /** The route values if the path (without the leading slash, still percent-encoded) matches. */
  match(path: string): Record<string, string> | undefined;
  /** Lower is more specific and tried first, segment by segment, as in ASP.NET Core's route precedence. */
  readonly precedence: string;
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
export function compileRoute(template: string): Route {
  const segments = template.split('/').filter(Boolean).map(parseSegment);
  return {
    precedence: segments.map(rank).join(''),
    match(path) {
      const parts = path.split('/').filter((part, index, all) => part !== '' || index < all.length - 1);
      const values: Record<string, string> = {};
      for (const [index, { kind, text, optional, checks }] of segments.entries()) {
        const value = (kind === 'rest' ? parts.slice(index) : parts.slice(index, index + 1)).map(decode).join('/');
        if (kind === 'literal') {
          if (value.toLowerCase() !== text.toLowerCase()) return undefined;
        } else if (value === '') {
          if (!optional) return undefined;
        } else {
          if (!checks.every((check) => check(value))) return undefined;
          values[text] = value;
        }
        if (kind === 'rest') return values;
      }
      return parts.length > segments.length ? undefined : values;
    },
  };
}

function parseSegment(text: string): Segment {
  if (!/[{}]/.test(text)) return { kind: 'literal', text, optional: false, checks: [] };
  const match = /^\{(\*{0,2})([A-Za-z_][\w.-]*)((?::[^:(){}]+(?:\((?:[^)]|\)(?!\}|:|\?\}))*\))?)*)(\?)?\}$/.exec(text);
  if (!match) throw new Error(`route segment "${text}" is not understood`);
  const [, stars, name = '', constraints = '', optional] = match;
  const checks = splitConstraints(constraints).map(compileConstraint);
  if (stars !== '') return { kind: 'rest', text: name, optional: true, checks };
  return { kind: 'parameter', text: name, optional: optional !== undefined, checks };
}

/** Splits `:int:min(1)` at the colons outside parentheses. */
function splitConstraints(text: string): string[] {
  return text.match(/[^:(]+(?:\((?:[^)]|\)(?!$|:))*\))?/g) ?? [];
}

function rank({ kind, checks }: Segment): string {
  if (kind === 'literal') return '1';
  const constrained = checks.length > 0;
  return kind === 'parameter' ? (constrained ? '2' : '3') : constrained ? '4' : '5';
}

/** Route values arrive decoded. Text that is not a valid escape stays unchanged. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

type Check = (value: string) => boolean;

const isInteger: Check = (value) => /^[+-]?\d+$/.test(value);
const isDecimal: Check = (value) => /^[+-]?(\d+\.?\d*|\.\d+)$/.test(value);

const SIMPLE: Readonly<Record<string, Check>> = {
  int: (value) => isInteger(value) && Math.abs(Number(value)) <= 2_147_483_647,
  long: isInteger,
  decimal: isDecimal,
  double: isDecimal,
  float: isDecimal,
  bool: (value) => /^(true|false)$/i.test(value),
  guid: (value) => /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(value),
  alpha: (value) => /^[a-z]*$/i.test(value),
  datetime: (value) => !Number.isNaN(Date.parse(value)),
  required: (value) => value !== '',
};

const WITH_NUMBERS: Readonly<Record<string, (first: number, second?: number) => Check>> = {
  length:
    (least, most = least) =>
    ({ length }) =>
      length >= least && length <= most,
  minlength:
    (least) =>
    ({ length }) =>
      length >= least,
  maxlength:
    (most) =>
    ({ length }) =>
      length <= most,
  min: (least) => (value) => isInteger(value) && Number(value) >= least,
  max: (most) => (value) => isInteger(value) && Number(value) <= most,
  range:
    (least, most = least) =>
    (value) =>
      isInteger(value) && Number(value) >= least && Number(value) <= most,
};

/**
 * The check of one route constraint such as `int`, `length(2,4)` or `regex(^a)` (ASP.NET Core "Route constraints").
 * Throws for an unknown constraint, as the host does.
 */
function compileConstraint(text: string): Check {
  const [, name = '', argument] = /^(\w+)(?:\((.*)\))?$/s.exec(text.toLowerCase()) ?? [];
  const simple = argument === undefined ? SIMPLE[name] : undefined;
  if (simple) return simple;
  if (name === 'regex' && argument !== undefined) {
    const pattern = new RegExp(text.slice(text.indexOf('(') + 1, -1), 'i');
    return (value) => pattern.test(value);
  }
  const withNumbers = argument === undefined ? undefined : WITH_NUMBERS[name];
  if (!withNumbers) throw new Error(`route constraint "${text}" is unknown`);
  const [first = Number.NaN, second] = (argument ?? '').split(',').map(Number);
  return withNumbers(first, second);
}
