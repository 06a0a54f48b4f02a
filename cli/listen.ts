import { InvalidArgumentError, type Command } from 'commander';
import type { QueueStorageConfig } from '../shared/config';
import { toSafeJson } from '../shared/logger';
import { isRecord, parseJson, parseText } from '../shared/parse';
import { isLoopback } from '../shared/settings/clouds';
import { checkConnectionString } from '../shared/settings/connectionString';
import { QUEUE_NAMES } from '../shared/storage/account';
import type { QueueContents, TakenMessage } from '../shared/storage/queueContents';
import { usageError } from './arguments';
import type { CliContext } from './context';
import { describeQueue, readEventsQueue } from './eventArguments';
import { example, plural, type JsonOption } from './output';

interface ListenOptions extends JsonOption {
  forwardTo: URL;
  consume?: true;
}

/** Longer than an answer may take. A message that was not answered with 2xx is visible again afterwards. */
const HIDE_SECONDS = 30;
const ANSWER_LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 1_000;
/** Of the body of an answer. */
const SHOWN_CHARACTERS = 120;

/** What became of one event. */
interface Forwarded {
  id: string;
  type: string;
  /** Absent when the backend gave no answer. */
  status?: number;
  ms: number;
  /** The first line of the answer, or why there is none. */
  said: string;
}

/** `listen`: events for a backend that a developer is writing. */
export function listenCommand(command: Command, context: CliContext): void {
  command
    .description(
      'Post each event to a backend on this machine, and delete what it answered with 2xx, until Ctrl-C. ' +
        `Everything else is posted again after ${HIDE_SECONDS} seconds`,
    )
    .requiredOption('--forward-to <url>', 'where to post, such as http://localhost:3000/events', urlArgument)
    .option('--consume', 'take events off a queue that is not on this machine: its other consumers do not get them')
    .option('--json', 'print one JSON document a line')
    .addHelpText('after', example('listen --forward-to http://localhost:3000/events'))
    .action((options: ListenOptions) => listen(context, options));
}

/** Events name people and documents, so they leave the machine encrypted only. */
function urlArgument(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(value));
  if (!url || !isSafe) throw new InvalidArgumentError('It must be an http URL on this machine, or an https URL.');
  return url;
}

async function listen(context: CliContext, { forwardTo, consume, json }: ListenOptions): Promise<void> {
  const { terminal, sleep } = context;
  const services = await context.services();
  const { eventsStorage } = await services.config();
  const address = queueAddress(eventsStorage);
  if (!isLoopback(address) && !consume) {
    throw usageError(
      `listen takes events off the queue at ${address}, and its consumer would not get them`,
      'Use the local cloud (npm start), or add --consume.',
    );
  }
  const interrupted = context.interruption();
  const contents = await services.queueContents(QUEUE_NAMES.jobEvents);
  if (!json) {
    terminal.note(describeQueue(await readEventsQueue(services)));
    terminal.note(`Posting each event to ${forwardTo.href}. To stop: Ctrl-C`);
  }
  let delivered = 0;
  while (!interrupted.aborted) {
    const [message] = await contents.take(HIDE_SECONDS, 1);
    if (!message) {
      // Rejects when it is interrupted.
      await sleep(LOOK_EVERY_MS, interrupted).catch(() => undefined);
      continue;
    }
    const forwarded = await forward(context, forwardTo, message, interrupted);
    if (!forwarded) {
      await contents.show(message);
      break;
    }
    if (await settle(contents, message, forwarded)) delivered += 1;
    terminal.print(json ? toSafeJson(forwarded) : describe(forwarded));
  }
  if (!json) terminal.note(`Stopped. ${plural(delivered, 'event')} delivered.`);
}

/** Deletes a message that was answered with 2xx. */
async function settle(contents: QueueContents, message: TakenMessage, { status = 0 }: Forwarded): Promise<boolean> {
  return status >= 200 && status < 300 && contents.remove(message);
}

/** Posts one event. Undefined when the command was interrupted before the answer. */
async function forward(
  { fetch, now }: Pick<CliContext, 'fetch' | 'now'>,
  url: URL,
  { id: messageId, text }: TakenMessage,
  interrupted: AbortSignal,
): Promise<Forwarded | undefined> {
  const event = parseJson(text);
  const { id, type } = isRecord(event) ? event : {};
  const named = { id: parseText(id) || messageId, type: parseText(type) || 'not an event' };
  const startedAt = now();
  try {
    const answer = await fetch(url, {
      method: 'POST',
      // CloudEvents HTTP binding 1.0.2, structured mode.
      headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
      body: text,
      redirect: 'manual',
      signal: AbortSignal.any([interrupted, AbortSignal.timeout(ANSWER_LIMIT_MS)]),
    });
    const [said = ''] = (await answer.text()).trim().split('\n');
    return { ...named, status: answer.status, ms: now() - startedAt, said: said.slice(0, SHOWN_CHARACTERS) };
  } catch (error) {
    if (interrupted.aborted) return undefined;
    return { ...named, ms: now() - startedAt, said: reasonOf(error) };
  }
}

/** Node's fetch hides the reason in `cause`. */
function reasonOf(error: unknown): string {
  const { name, cause } = isRecord(error) ? error : {};
  if (name === 'TimeoutError') return `no answer within ${ANSWER_LIMIT_MS / 1000} s`;
  const code = isRecord(cause) ? parseText(cause['code']) : '';
  return code === 'ECONNREFUSED' ? 'connection refused: is the backend running?' : `no answer (${code || 'failed'})`;
}

function describe({ status, ms, type, id, said }: Forwarded): string {
  const isDelivered = status !== undefined && status >= 200 && status < 300;
  const next = isDelivered ? 'deleted' : `again in ${HIDE_SECONDS} s`;
  return `${status ?? '---'}  ${ms} ms  ${type}  ${id}  ${next}${said === '' ? '' : `  ${said}`}`;
}

/** Where the queue of events is. */
function queueAddress(storage: QueueStorageConfig): string {
  if (!('connectionString' in storage)) return storage.queueServiceUri;
  const checked = checkConnectionString(storage.connectionString);
  return 'value' in checked ? checked.value.queueEndpoint : 'an unknown address';
}
