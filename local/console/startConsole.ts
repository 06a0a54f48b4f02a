import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createControlClient } from '../graphSimulator/control/controlClient';
import { runCliCommand } from '../processes';
import type { LocalCloud } from '../startLocalCloud';
import { createAppProcess, type AppProcess } from './appProcess';
import { answerCall } from './consoleCalls';
import { createFeed } from './createFeed';
import { followCloud, type FollowOptions } from './followCloud';
import { createStateReader } from './readConsoleState';
import { serveConsole } from './serveConsole';
import { createTimeline, type Timeline, type TimelineOptions } from './timeline/createTimeline';
import { memberOf } from './timeline/jobFacts';

export interface ConsoleOptions extends Pick<FollowOptions, 'onLog'> {
  /** The folder of this package. */
  root: string;
  cloud: LocalCloud;
  /** Settings of the app that override those of the local cloud. */
  settings?: Readonly<Record<string, string>>;
  /** 0 takes a free one. */
  port: number;
  /** A job has changed: its id. */
  onJob?: (id: string, timeline: Timeline) => void;
  onService?: NonNullable<TimelineOptions['onService']>;
  /** The killed app could not be started again. */
  onError?: (error: unknown) => void;
}

export interface Console {
  /** The address to open: it has the token. */
  address: string;
  app: AppProcess;
  timeline: Timeline;
  stop: () => Promise<void>;
}

/** Starts the console of a running local cloud. @throws if the port is taken */
export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { root, cloud, settings = {}, onJob, onService, onLog, onError } = options;
  const control = createControlClient(cloud.simulator);
  const ending = new AbortController();
  const now = () => Date.now();
  const runCli = (...args: string[]) => runCliCommand(root, cloud.environment, args, ending.signal);
  const timeline: Timeline = createTimeline({
    onJob: (id) => {
      feed.jobChanged(id);
      onJob?.(id, timeline);
    },
    onService: (step) => {
      feed.stateChanged();
      onService?.(step);
    },
  });
  const { addService, service, stories, story } = timeline;
  const follower = followCloud({
    ...{ control, timeline, connectionString: cloud.connectionString },
    readSent: async (id) => memberOf(await runCli('events', 'show', id), 'event'),
    ...(onLog && { onLog }),
  });
  const app = createAppProcess({
    ...{ cloud, settings, onHost: follower.followHost },
    onState: (state) => {
      if (state === 'down') addService({ at: now(), kind: 'killed', text: 'The app is down' });
      if (state === 'running') addService({ at: now(), kind: 'started', text: 'The app runs again' });
      feed.stateChanged();
    },
    onError: (error) => onError?.(error),
  });
  const readState = createStateReader({ control, app, runCli, service, now });
  const feed = createFeed({ readState, stories, story });
  const token = randomBytes(32).toString('base64url');
  const { functionKey } = cloud;
  const { readEvents } = follower;
  const calls = { control, app, functionKey, runCli, readEvents, addService, now };
  const stopParts = async () => {
    ending.abort();
    feed.close();
    await app.stop();
    await follower.stop();
  };
  try {
    const server = await serveConsole({
      ...{ port: options.port, token, feed, folder: join(root, 'dist', 'local', 'console') },
      snapshot: async () => ({ state: await readState(), jobs: stories() }),
      answer: (method, path, body) => answerCall(calls, method, path, body),
    });
    return {
      ...{ address: `${server.url}/?token=${token}`, app, timeline },
      async stop() {
        await stopParts();
        await server.close();
      },
    };
  } catch (error) {
    await stopParts();
    throw error;
  }
}
