import type { StreamEvent } from '../../../../local/console/consoleApi';
import { createEventParser, followStream, type Connection } from '../../../../local/console/page/eventStream';

const state = { app: { url: 'http://127.0.0.1:7071', state: 'running' }, customers: [], faults: [], service: [] };
const snapshot = `event: snapshot\ndata: ${JSON.stringify({ state, jobs: [] })}\n\n`;

function parseParts(parts: readonly string[]): StreamEvent[] {
  const events: StreamEvent[] = [];
  const parse = createEventParser((event) => events.push(event));
  parts.forEach(parse);
  return events;
}

describe('createEventParser', () => {
  it('gives the same events wherever the text is cut', () => {
    const text = `${snapshot}event: state\ndata: ${JSON.stringify(state)}\n\n`;
    for (let at = 0; at <= text.length; at += 1) {
      expect(parseParts([text.slice(0, at), text.slice(at)]).map(({ name }) => name)).toEqual(['snapshot', 'state']);
    }
  });

  it('reads lines that end with a carriage return and a line feed', () => {
    expect(parseParts([snapshot.replaceAll('\n', '\r\n')])).toEqual([{ name: 'snapshot', data: { state, jobs: [] } }]);
  });

  // https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
  it('joins the lines of data, and ignores comments, unknown names and events without data', () => {
    const events = parseParts([
      ': alive\n\n',
      'event: other\ndata: 1\n\n',
      'event: state\n\n',
      'event: state\ndata: {"a":\ndata:1}\n\n',
    ]);
    expect(events).toEqual([{ name: 'state', data: { a: 1 } }]);
  });

  it('does not give an event that is not complete', () => {
    expect(parseParts([snapshot.slice(0, -1)])).toEqual([]);
  });
});

/** Follows answers in turn, and stops at the end of the last. */
async function follow(answers: readonly (() => Promise<Response>)[]) {
  const connections: Connection[] = [];
  const events: StreamEvent[] = [];
  const waits: number[] = [];
  const tokens: (string | null)[] = [];
  const stop = new AbortController();
  const rest = [...answers];
  await followStream(
    {
      token: 'secret',
      fetch: (_url, init) => {
        tokens.push(new Headers(init?.headers).get('authorization'));
        const answer = rest.shift();
        if (answer === undefined) throw new Error('One call too many');
        return answer();
      },
      wait: (ms) => {
        waits.push(ms);
        if (rest.length === 0) stop.abort();
        return Promise.resolve();
      },
      onEvent: (event) => events.push(event),
      onConnection: (connection) => connections.push(connection),
    },
    stop.signal,
  );
  return { connections, events, waits, tokens };
}

describe('followStream', () => {
  const live = () => Promise.resolve(new Response(snapshot));
  const down = () => Promise.reject(new TypeError('Failed to fetch'));

  it('connects again after the stream ends, and says that the connection is lost between', async () => {
    const { connections, events, tokens } = await follow([live, live]);
    expect(connections).toEqual(['live', 'lost', 'live', 'lost']);
    expect(events.map(({ name }) => name)).toEqual(['snapshot', 'snapshot']);
    expect(tokens).toEqual(['Bearer secret', 'Bearer secret']);
  });

  it('waits longer from failure to failure, and briefly again after a success', async () => {
    const { waits } = await follow([down, down, down, down, down, live, down]);
    expect(waits).toEqual([500, 1_000, 2_000, 5_000, 5_000, 500, 1_000]);
  });

  it('counts an answer other than 200 as a failure', async () => {
    const { connections } = await follow([() => Promise.resolve(new Response('', { status: 502 }))]);
    expect(connections).toEqual(['lost']);
  });

  it.each([401, 403])('stops when the server refuses the token with %i', async (status) => {
    const { connections, waits } = await follow([live, () => Promise.resolve(new Response('', { status }))]);
    expect(connections).toEqual(['live', 'lost', 'denied']);
    expect(waits).toHaveLength(1);
  });
});
