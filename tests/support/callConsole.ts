import type { ConsoleSnapshot, JobStory, PrintAnswer, PrintRequest, StreamEvent } from '../../local/console/consoleApi';
import { eventually } from './eventually';

/** The API of a console, as its page calls it. */
export function callConsole(address: string) {
  const url = new URL(address);
  const headers = { authorization: `Bearer ${url.searchParams.get('token') ?? ''}` };
  const call = async <Body = Record<string, unknown>>(method: string, path: string, body?: unknown) => {
    const json = { 'content-type': 'application/json' };
    const init = body === undefined ? { method, headers } : { method, headers: { ...headers, ...json } };
    const answer = await fetch(`${url.origin}/api/${path}`, {
      ...init,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Body };
  };
  const snapshot = async () => (await call<ConsoleSnapshot>('GET', 'state')).body;
  return {
    origin: url.origin,
    headers,
    call,
    snapshot,
    print: async (request: PrintRequest) => (await call<PrintAnswer>('POST', 'print', request)).body,
    /** Waits until the story of a job is as wanted. */
    untilJob: (what: string, id: string, isWanted: (story: JobStory) => boolean, limitMs?: number) =>
      eventually(
        what,
        async () => (await snapshot()).jobs.find((story) => story.id === id && isWanted(story)),
        limitMs,
      ),
    /** The events of the stream, as they come. */
    async *stream(signal: AbortSignal): AsyncGenerator<StreamEvent> {
      const { body } = await fetch(`${url.origin}/api/stream`, { headers, signal });
      let text = '';
      for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
        text += Buffer.from(part).toString('utf8');
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
          text = text.slice(end + 2);
          if (name !== undefined && data !== undefined)
            yield { name, data: JSON.parse(data) as unknown } as StreamEvent;
        }
      }
    },
  };
}
