import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionsHostProcess } from '../standIns';
import type { LocalCloud } from '../startLocalCloud';
import type { ConsoleState } from './consoleApi';

export type AppState = ConsoleState['app']['state'];

/** The process of the app, which a person can kill and which settings restart. One change at a time. */
export interface AppProcess {
  readonly url: string;
  state(): AppState;
  /** Starts the app again, with these settings from now on. @throws ProcessStartError */
  restart(settings: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Ends the app at once, as when the machine fails (SIGKILL), and starts it again after `downMs`. Resolves when it is down;
   * false when it was down already.
   */
  kill(downMs: number): Promise<boolean>;
  /** Waits for the change in progress, and makes no further one. */
  stop(): Promise<void>;
}

export interface AppProcessDeps {
  cloud: Pick<LocalCloud, 'hosts' | 'restartHost'>;
  /** Settings of the first process that override those of the local cloud. */
  settings: Readonly<Record<string, string>>;
  /** Each process, when it has started. */
  onHost: (host: FunctionsHostProcess) => void;
  onState: (state: AppState) => void;
  /** The app could not be started. */
  onError: (error: unknown) => void;
}

export function createAppProcess({ cloud, settings, onHost, onState, onError }: AppProcessDeps): AppProcess {
  const stopping = new AbortController();
  const { signal } = stopping;
  let current = settings;
  let state: AppState = 'running';
  let changes: Promise<unknown> = Promise.resolve();

  const enter = (next: AppState) => {
    if (state === next) return;
    state = next;
    onState(next);
  };
  const follow = (host: FunctionsHostProcess | undefined) => {
    if (!host) return;
    onHost(host);
    // A process that ends by itself, such as one with a wrong setting.
    void host.exited.then(() => {
      if (cloud.hosts[0] === host && state === 'running' && !signal.aborted) enter('down');
    });
  };
  const start = async () => {
    enter('restarting');
    try {
      follow(await cloud.restartHost(0, current));
      enter('running');
    } catch (error) {
      enter('down');
      throw error;
    }
  };
  /** Runs a change after the one before, whether that has failed or not. */
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const result = changes.then(change);
    changes = result.catch(() => undefined);
    return result;
  };
  follow(cloud.hosts[0]);

  return {
    url: cloud.hosts[0]?.url ?? '',
    state: () => state,
    restart: (next) => {
      current = next;
      return inTurn(start);
    },
    async kill(downMs) {
      if (state !== 'running') return false;
      enter('down');
      const killed = cloud.hosts[0]?.kill();
      inTurn(async () => {
        await killed;
        await sleep(downMs, undefined, { signal });
        await start();
      }).catch((error: unknown) => {
        if (!signal.aborted) onError(error);
      });
      await killed;
      return true;
    },
    async stop() {
      stopping.abort();
      await changes;
    },
  };
}
