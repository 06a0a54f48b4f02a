import { compileConstraint } from './compileConstraint';

export interface Route {
  /** Route values when the path (without the leading slash, still percent-encoded) fits, else undefined. */
  match(path: string): Record<string, string> | undefined;
  /** Lower is more specific and tried first, segment by segment, as ASP.NET Core's route precedence orders them. */
  readonly precedence: string;
}

type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | {
      readonly kind: 'parameter' | 'rest';
      readonly name: string;
      readonly optional: boolean;
      readonly fits: (value: string) => boolean;
      readonly constrained: boolean;
    };

/**
 * Compiles an HTTP trigger's route: literals (any case), `{name}`, `{name?}`, `{name:constraint:…}`, `{*rest}`. Throws
 * for a template it cannot read. Segments that mix text and parameters are not supported.
 */
export function compileRoute(template: string): Route {
  const segments = template.split('/').filter(Boolean).map(parseSegment);
  return {
    precedence: segments.map(rank).join(''),
    match(path) {
      const parts = path.split('/').filter((part, index, all) => part !== '' || index < all.length - 1);
      const values: Record<string, string> = {};
      for (const [index, segment] of segments.entries()) {
        const part = parts[index];
        if (segment.kind === 'literal') {
          if (part === undefined || decode(part).toLowerCase() !== segment.text.toLowerCase())
            return undefined;
        } else if (segment.kind === 'rest') {
          const value = parts.slice(index).map(decode).join('/');
          if (value !== '' && !segment.fits(value)) return undefined;
          if (value !== '') values[segment.name] = value;
          return values;
        } else if (part === undefined || part === '') {
          if (!segment.optional) return undefined;
        } else {
          const value = decode(part);
          if (!segment.fits(value)) return undefined;
          values[segment.name] = value;
        }
      }
      return parts.length > segments.length ? undefined : values;
    },
  };
}

function parseSegment(text: string): Segment {
  if (!text.includes('{') && !text.includes('}')) return { kind: 'literal', text };
  const match =
    /^\{(\*{0,2})([A-Za-z_][\w.-]*)((?::[^:(){}]+(?:\((?:[^)]|\)(?!\}|:|\?\}))*\))?)*)(\?)?\}$/.exec(text);
  if (!match) throw new Error(`route segment "${text}" is not understood`);
  const [, stars = '', name = '', constraints = '', optional] = match;
  const checks = splitConstraints(constraints).map(compileConstraint);
  return {
    kind: stars === '' ? 'parameter' : 'rest',
    name,
    optional: optional !== undefined,
    constrained: checks.length > 0,
    fits: (value) => checks.every((check) => check(value)),
  };
}

/** `:int:min(1)` as its parts; a colon inside parentheses does not part them. */
function splitConstraints(text: string): string[] {
  return text.match(/[^:(]+(?:\((?:[^)]|\)(?!$|:))*\))?/g) ?? [];
}

function rank(segment: Segment): string {
  if (segment.kind === 'literal') return '1';
  if (segment.kind === 'parameter') return segment.constrained ? '2' : '3';
  return segment.constrained ? '4' : '5';
}

/** Route values arrive decoded; text that is no valid escape stays as it is. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
