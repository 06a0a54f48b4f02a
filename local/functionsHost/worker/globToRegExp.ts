/**
 * A regular expression for the glob forms seen in `main`: `*`, `?`, `**` and `{a,b}` (nesting allowed), on paths with
 * forward slashes. Node 20 has no glob of its own outside experiments.
 */
export function globToRegExp(glob: string): RegExp {
  let depth = 0;
  const source = glob.replace(/^\.\//, '').replace(/\*\*\/|\*\*|[*?{},]|[.+^$()|[\]\\]/g, (token) => {
    if (token === '**/') return '(?:[^/]+/)*';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (token === '{') return (depth++, '(?:');
    if (token === '}' && depth > 0) return (depth--, ')');
    if (token === ',') return depth > 0 ? '|' : ',';
    return `\\${token}`;
  });
  return new RegExp(`^${source}$`);
}
