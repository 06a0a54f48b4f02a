import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseEnvironment, startProcess } from '../../local/processes';
import { eventually } from './eventually';
import type { Flow, SeenEvent } from './startFlow';

const EVENTS = 'print-job-events';
const POISON = `${EVENTS}-poison`;
/** A message that failed more often moves to the poison queue, as host.json says for the queues of the app. */
const MOST_TRIES = 5;

/** How an example consumer is started. */
export interface ConsumerProgram {
  command?: string;
  args: readonly string[];
}

/** What a consumer does with one event that is delivered twice, and with a message that is none and has failed five times. */
export const CONSUMED: {
  lines: string[];
  stored: string[];
  left: { events: number; poison: string[] };
  exit: { code: number | null; signal: string | null };
} = {
  lines: ['processed print.job.started released', 'repeated print.job.started released'],
  stored: ['print.job.started'],
  left: { events: 0, poison: ['not an event'] },
  exit: { code: 0, signal: null },
};

/**
 * Prints one job, repeats its event, lets the consumer work until its queue is empty, and stops it.
 *
 * @returns in the form of CONSUMED what it printed and stored about the event, and what is left
 */
export async function tryConsumer(flow: Flow, program: ConsumerProgram): Promise<typeof CONSUMED> {
  const contents = await flow.services.queueContents(EVENTS);
  const poison = await flow.services.queueContents(POISON);
  const queue = await flow.services.queue(EVENTS);
  const { tenantId, printerId } = await flow.onboard(['jobStarted']);

  await queue.send('not an event');
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    for (const taken of await contents.take(30)) await contents.show(taken);
  }
  await flow.control.print(tenantId, { printerId });
  const sent = await eventually('the event of the job', async () =>
    (await contents.peek()).find(({ text }) => text.startsWith('{')),
  );
  await flow.untilQuiet();
  await queue.send(sent.text);

  const folder = await mkdtemp(join(tmpdir(), 'consumer-'));
  try {
    const consumer = await startProcess({
      name: 'Consumer',
      ...program,
      env: { ...baseEnvironment(), EVENTS_CONNECTION_STRING: flow.cloud.connectionString, EVENTS_FOLDER: folder },
      cwd: folder,
      readyLine: (line) => (line.startsWith('processed ') ? line : undefined),
    });
    await eventually('the queue of events is empty', async () => ((await contents.count()) === 0 ? true : undefined));
    const exit = await consumer.stop();
    const files = await readdir(folder);
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    const { id } = JSON.parse(sent.text) as SeenEvent;
    const stored = texts.map((text) => JSON.parse(text) as SeenEvent);
    return {
      lines: consumer
        .lines()
        .map((line) => line.replace(` ${id}`, ''))
        .sort(),
      stored: stored.map((event) => (event.id === id ? event.type : `another event: ${event.id}`)),
      left: { events: await contents.count(), poison: (await poison.peek()).map(({ text }) => text) },
      exit: { code: exit.code, signal: exit.signal },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
