/** The JSON line `{"event":"ready",…}` that our own programs print once, as an object; undefined for any other line. */
export function readyEvent(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const event = Object.fromEntries(Object.entries(parsed));
  return event['event'] === 'ready' ? event : undefined;
}

/** A text of the ready line. Throws when it is missing: the program and its launcher do not fit together. */
export function readyText(event: Readonly<Record<string, unknown>>, name: string): string {
  const value = event[name];
  if (typeof value !== 'string')
    throw new Error(`The ready line has no text "${name}": rebuild with npm run build.`);
  return value;
}
