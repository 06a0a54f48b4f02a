import type { StreamEvent } from '../consoleApi';

export type Connection = 'connecting' | 'live' | 'lost' | 'denied';

export interface StreamParts {
  readonly fetch: typeof fetch;
  readonly token: string;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onEvent: (event: StreamEvent) => void;
  readonly onConnection: (connection: Connection) => void;
}

/** How long the page waits before it connects again, by the number of failures in a row. */
const RETRY_MS = [500, 1_000, 2_000, 5_000];
/** EventSource can send no Authorization header, so the stream is read by fetch. */
const STREAM = '/api/stream';

/**
 * Follows the stream until `signal` aborts, or the server refuses the token. Connects again after each loss: the first event
 * then replaces everything.
 */
export async function followStream(parts: StreamParts, signal: AbortSignal): Promise<void> {
  const { fetch, token, wait, onConnection } = parts;
  let failures = 0;
  while (!signal.aborted) {
    const response = await fetch(STREAM, {
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
      signal,
    }).catch(() => undefined);
    if (response?.status === 401 || response?.status === 403) return onConnection('denied');
    if (response?.ok === true && response.body !== null) {
      failures = 0;
      onConnection('live');
      await readEvents(response.body, parts).catch(() => undefined);
    }
    if (signal.aborted) return;
    onConnection('lost');
    await wait(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 0, signal);
    failures += 1;
  }
}

async function readEvents(body: ReadableStream<Uint8Array>, { onEvent }: StreamParts): Promise<void> {
  const parse = createEventParser(onEvent);
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parse(decoder.decode(part.value, { stream: true }));
  }
}

/**
 * Takes the text of a stream of server-sent events in any parts, and gives each whole event. Comments and unknown names are
 * ignored (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).
 */
export function createEventParser(onEvent: (event: StreamEvent) => void): (text: string) => void {
  let rest = '';
  let name = '';
  let data: string[] = [];
  const take = (line: string) => {
    if (line === '') {
      if (data.length > 0 && isName(name)) {
        // The type is the server's promise, which the compiler checks on its side of consoleApi.ts.
        onEvent({ name, data: JSON.parse(data.join('\n')) as unknown } as StreamEvent);
      }
      name = '';
      data = [];
      return;
    }
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'event') name = value;
    if (field === 'data') data.push(value);
  };
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line.endsWith('\r') ? line.slice(0, -1) : line);
  };
}

function isName(name: string): name is StreamEvent['name'] {
  return name === 'snapshot' || name === 'state' || name === 'job';
}
