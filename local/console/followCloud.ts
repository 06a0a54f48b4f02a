import { QueueClient } from '@azure/storage-queue';
import { setTimeout as sleep } from 'node:timers/promises';
import { readAppLogLine, type AppLogLine } from '../appLog';
import type { ControlClient } from '../graphSimulator/control/controlClient';
import { parseObject, type FunctionsHostProcess } from '../standIns';
import type { Timeline } from './timeline/createTimeline';
import { memberOf, type QueuedEvent } from './timeline/jobFacts';
import { sentEventIdOf } from './timeline/jobStory';

/** The vendor's queue. */
const EVENTS = 'print-job-events';
/** The most that a peek returns (Peek Messages of the Queue service). */
const MOST_PEEKED = 32;
const WAIT_MS = 20_000;
/** After a failed look: the simulator is stopping, or the machine is busy. */
const PAUSE_MS = 500;
/** The queue shows a message a moment after the app has logged it. */
const PEEK_AFTER_MS = 100;
/** Of the events that the queue holds too many to show, so many are read from the ledger, one process each. */
const MOST_FROM_LEDGER = 20;

export interface FollowOptions {
  control: Pick<ControlClient, 'activity'>;
  connectionString: string;
  timeline: Timeline;
  /** Reads an event that the queue does not show from the ledger: its body, or undefined. */
  readSent?: (eventId: string) => Promise<unknown>;
  /** Sees each line of the log of the app. */
  onLog?: (line: AppLogLine) => void;
}

export interface Follower {
  /** Also reads the log of this host. */
  followHost: (host: Pick<FunctionsHostProcess, 'onLine'>) => void;
  /** Reads the queue of events now. */
  readEvents: () => Promise<void>;
  stop(): Promise<void>;
}

/** Feeds a timeline with what the simulator, the app and the queue of events report, until it is stopped. */
export function followCloud({ control, connectionString, timeline, readSent, onLog }: FollowOptions): Follower {
  const stopping = new AbortController();
  const { signal } = stopping;
  const queue = new QueueClient(connectionString, EVENTS);
  const ended = followActivity(control, timeline, signal);
  let wanted: string[] = [];
  let reading: Promise<void> | undefined;
  let due: NodeJS.Timeout | undefined;

  const readOnce = async () => {
    do {
      const { peekedMessageItems } = await queue.peekMessages({ numberOfMessages: MOST_PEEKED });
      const events = peekedMessageItems.flatMap(({ messageId, insertedOn, messageText }) =>
        toEvent(parseObject(Buffer.from(messageText, 'base64').toString('utf8')), insertedOn.getTime(), messageId),
      );
      timeline.addEvents(events);
      wanted = wanted.filter((id) => !events.some((event) => event.id === id)).slice(-MOST_FROM_LEDGER);
      // The latest first: a person has just printed it.
      const id = readSent && wanted.pop();
      if (id === undefined) wanted = [];
      else timeline.addEvents(toEvent(await readSent?.(id).catch(() => undefined), Date.now()));
    } while (wanted.length > 0 && !signal.aborted);
  };
  const readEvents = async () => {
    // A look in progress may have missed what is wanted now.
    await reading;
    reading ??= readOnce()
      .catch(() => undefined) // The queue is being stopped.
      .finally(() => (reading = undefined));
    await reading;
  };
  const onLine = (text: string) => {
    const line = readAppLogLine(text);
    if (!line) return;
    onLog?.(line);
    timeline.addLog(line);
    const eventId = sentEventIdOf(line);
    if (eventId === undefined) return;
    wanted.push(eventId);
    due ??= setTimeout(() => {
      due = undefined;
      void readEvents();
    }, PEEK_AFTER_MS);
  };
  return {
    followHost: (host) => void host.onLine(onLine),
    readEvents,
    async stop() {
      stopping.abort();
      clearTimeout(due);
      await Promise.all([ended, reading]);
    },
  };
}

async function followActivity(
  control: Pick<ControlClient, 'activity'>,
  timeline: Timeline,
  signal: AbortSignal,
): Promise<void> {
  const after = { jobs: 0, deliveries: 0, calls: 0 };
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  while (!signal.aborted) {
    const look = control.activity({ ...after, waitMs: WAIT_MS }).catch(() => undefined);
    const activity = await Promise.race([look, aborted]);
    if (activity) {
      for (const name of ['jobs', 'deliveries', 'calls'] as const)
        after[name] = activity[name].at(-1)?.n ?? after[name];
      timeline.addActivity(activity);
    } else await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

function toEvent(body: unknown, sentAt: number, messageId?: string): QueuedEvent[] {
  const [id, type] = [memberOf(body, 'id'), memberOf(body, 'type')];
  if (typeof id !== 'string' || typeof type !== 'string') return [];
  return [{ ...(messageId === undefined ? {} : { messageId }), sentAt, id, type, body }];
}
