import type { AppLogLine } from './collectTimeline';

/** The line of the host's output as an event of the app's log; undefined for every other line. */
export function readAppLogLine(line: string): AppLogLine | undefined {
  const outer = parse(line);
  if (outer?.['event'] !== 'log' || typeof outer['message'] !== 'string') return undefined;
  const inner = parse(outer['message']);
  if (typeof inner?.['event'] !== 'string') return undefined;
  const at = Date.parse(String(outer['time']));
  const text = (name: string) => {
    const value = inner[name];
    return typeof value === 'string' ? { [name]: value } : {};
  };
  return {
    at,
    event: inner['event'],
    ...text('key'),
    ...text('outcome'),
    ...text('jobOutcome'),
    ...text('cause'),
    ...(typeof inner['delaySeconds'] === 'number' ? { delaySeconds: inner['delaySeconds'] } : {}),
  };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
