import type { AppLogLine } from './collectTimeline';

/** The line of the host's output as an event of the app's log; undefined for every other line. */
export function readAppLogLine(line: string): AppLogLine | undefined {
  const outer = parse(line);
  if (outer?.['event'] !== 'log' || typeof outer['message'] !== 'string') return undefined;
  const { event, ...fields } = parse(outer['message']) ?? {};
  return typeof event === 'string' ? { at: Date.parse(String(outer['time'])), event, fields } : undefined;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
