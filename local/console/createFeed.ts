import type { ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { ConsoleState, JobStory, StreamEvent } from './consoleApi';

/** How often the state is compared while a page is open. */
const LOOK_EVERY_MS = 1_000;
/** Changes of a job within this time are one event. */
const GATHER_MS = 50;
/** A comment now and then shows a page that the stream is alive. */
const ALIVE_EVERY_MS = 15_000;

export interface FeedDeps {
  readState: () => Promise<ConsoleState>;
  stories: () => JobStory[];
  story: (id: string) => JobStory | undefined;
}

/** Sends what changes to every open page (Server-sent events, HTML Standard). Costs nothing while no page is open. */
export interface Feed {
  /** Answers with the stream, which begins with a snapshot. */
  open(response: ServerResponse): Promise<void>;
  /** The job has changed. */
  jobChanged(id: string): void;
  /** The state may have changed. */
  stateChanged(): void;
  close: () => void;
}

export function createFeed({ readState, stories, story }: FeedDeps): Feed {
  const pages = new Set<ServerResponse>();
  const changed = new Set<string>();
  let sent: ConsoleState | undefined;
  let gathering: NodeJS.Timeout | undefined;
  let looking: NodeJS.Timeout | undefined;
  let isReading = false;

  const send = (event: StreamEvent, to: Iterable<ServerResponse> = pages) => {
    const text = `event: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`;
    for (const page of to) page.write(text);
  };
  const look = async () => {
    if (isReading || pages.size === 0) return;
    isReading = true;
    try {
      const state = await readState();
      if (isDeepStrictEqual(state, sent)) return;
      sent = state;
      send({ name: 'state', data: state });
    } catch {
      // The simulator is stopping, and so is this server.
    } finally {
      isReading = false;
    }
  };
  const flush = () => {
    gathering = undefined;
    for (const id of changed) {
      const data = story(id);
      if (data) send({ name: 'job', data });
    }
    changed.clear();
  };
  const alive = setInterval(() => {
    for (const page of pages) page.write(': alive\n\n');
  }, ALIVE_EVERY_MS).unref();

  return {
    async open(response) {
      const state = await readState();
      response.writeHead(200, {
        ...{ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' },
        'x-content-type-options': 'nosniff',
      });
      send({ name: 'snapshot', data: { state, jobs: stories() } }, [response]);
      pages.add(response);
      looking ??= setInterval(() => void look(), LOOK_EVERY_MS).unref();
      response.once('close', () => {
        pages.delete(response);
        if (pages.size > 0) return;
        clearInterval(looking);
        looking = undefined;
      });
    },
    jobChanged(id) {
      if (pages.size === 0) return;
      changed.add(id);
      gathering ??= setTimeout(flush, GATHER_MS).unref();
    },
    stateChanged: () => void look(),
    close() {
      for (const timer of [gathering, looking, alive]) clearTimeout(timer);
      for (const page of pages) page.destroy();
      pages.clear();
    },
  };
}
