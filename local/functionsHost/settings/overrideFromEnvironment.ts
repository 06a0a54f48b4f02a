const PREFIX = 'azurefunctionsjobhost__';

/**
 * A copy of host.json in which every `AzureFunctionsJobHost__<path with __>` of `env` has replaced the value at its
 * path, whatever the case of the names (documentation page functions-host-json, "Override host.json values").
 */
export function overrideFromEnvironment(hostJson: unknown, env: NodeJS.ProcessEnv): unknown {
  const copy = structuredClone(hostJson);
  if (!isRecord(copy)) return copy;
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && name.toLowerCase().startsWith(PREFIX))
      set(copy, name.slice(PREFIX.length).split('__'), value);
  }
  return copy;
}

function set(target: Record<string, unknown>, path: readonly string[], value: string): void {
  const [first = '', ...rest] = path;
  const key = Object.keys(target).find((name) => name.toLowerCase() === first.toLowerCase()) ?? first;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = target[key];
  const next = isRecord(inner) ? inner : {};
  target[key] = next;
  set(next, rest, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
