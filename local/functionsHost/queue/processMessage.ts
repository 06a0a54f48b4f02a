import { RestError, type QueueClient } from '@azure/storage-queue';
import type { Alarm } from '../alarm';
import type { QueueFunction } from '../functions';
import { messageOf } from '../hostError';
import type { Reporter } from '../reporter';
import type { HostConfig } from '../settings/hostJson';
import type { Invoker } from '../worker/invoke';
import { decodeMessage, toMessageMetadata, type ReceivedMessage } from './messageData';

export interface MessageDependencies {
  readonly client: QueueClient;
  /** Undefined: the queue has no poison queue. */
  readonly poison: QueueClient | undefined;
  readonly options: HostConfig['queues'];
  readonly leaseMs: number;
  readonly invoke: Invoker;
  readonly reporter: Reporter;
  readonly alarm: Alarm;
  readonly now: () => number;
}

/**
 * Runs the function for one received message, then deletes, requeues or poisons the message. Never throws: storage
 * errors are logged, and the message becomes visible again after its lease.
 */
export async function processMessage(
  dependencies: MessageDependencies,
  fn: QueueFunction,
  message: ReceivedMessage,
): Promise<void> {
  const { options, poison, reporter, invoke } = dependencies;
  const { messageId, messageText, dequeueCount, popReceipt } = message;
  const attempt = { dequeueCount, maxDequeueCount: options.maxDequeueCount, hasPoisonQueue: !!poison };
  const log = (level: 'warning' | 'error', text: string) =>
    reporter.log({ level, category: 'Host.Queues', function: fn.name, message: text });
  try {
    const before = decideBeforeRun(attempt);
    const text = decodeMessage(messageText, options.messageEncoding);
    if (text === undefined) {
      log(
        'warning',
        `Message ${messageId} on ${fn.queueName} is not base64 and was not run: send base64, or set messageEncoding to "none".`,
      );
      return await complete(dependencies, message, popReceipt, poison ? 'poison' : 'leave');
    }
    if (before !== 'run') return await complete(dependencies, message, popReceipt, before);
    const hold = keepInvisible(
      {
        ...dependencies,
        onError: (error) => log('warning', `Lease of message ${messageId} not renewed: ${messageOf(error)}`),
      },
      message,
    );
    const metadata = toMessageMetadata(message, text);
    const { ok } = await invoke(fn, { input: { string: text }, metadata, dequeueCount });
    const receipt = await hold.end();
    const after = decideAfterRun(ok, attempt);
    if (after === 'poison')
      log(
        'error',
        `Message ${messageId} has reached MaxDequeueCount of ${options.maxDequeueCount}. Moving it to ${poison?.name ?? ''}.`,
      );
    await complete(dependencies, message, receipt, after);
  } catch (error) {
    log(
      'error',
      `Message ${messageId} on ${fn.queueName} could not be completed and will be redelivered: ${messageOf(error)}`,
    );
  }
}

/** What happens to a message. `leave`: it stays invisible until its lease expires. */
export type Fate = 'run' | 'delete' | 'retry' | 'poison' | 'leave';

interface Attempt {
  readonly dequeueCount: number;
  readonly maxDequeueCount: number;
  readonly hasPoisonQueue: boolean;
}

/** Before a run: a message that was received too often is not run (QueueProcessor.cs). */
export function decideBeforeRun({ dequeueCount, maxDequeueCount, hasPoisonQueue }: Attempt): Fate {
  if (dequeueCount <= maxDequeueCount) return 'run';
  return hasPoisonQueue ? 'poison' : 'leave';
}

/**
 * After a run: success deletes. Failure makes the message visible again, or moves it to poison at the maximum count.
 * Without a poison queue it stays invisible, which prevents a fast endless loop (QueueProcessor.cs).
 */
export function decideAfterRun(ok: boolean, attempt: Attempt): Fate {
  if (ok) return 'delete';
  if (!attempt.hasPoisonQueue) return 'leave';
  return attempt.dequeueCount >= attempt.maxDequeueCount ? 'poison' : 'retry';
}

async function complete(
  { client, poison, options }: MessageDependencies,
  { messageId, messageText }: ReceivedMessage,
  popReceipt: string,
  fate: Fate,
): Promise<void> {
  const visibleInSeconds = Math.round(options.visibilityTimeoutMs / 1000);
  if (fate === 'retry') await client.updateMessage(messageId, popReceipt, undefined, visibleInSeconds);
  if (fate === 'poison' && poison) await sendToPoison(poison, messageText);
  if (fate === 'delete' || fate === 'poison') await client.deleteMessage(messageId, popReceipt);
}

/** Sends a NEW message with the same body. Creates the poison queue if it is missing. */
async function sendToPoison(poison: QueueClient, body: string): Promise<void> {
  try {
    await poison.sendMessage(body);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await poison.createIfNotExists();
    await poison.sendMessage(body);
  }
}

/** Whether storage answered that the queue or the message does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof RestError && error.statusCode === 404;
}

/** The hold on one message while its function runs. */
export interface Hold {
  /** Stops the renewals, waits for one in progress, and returns the pop receipt that is valid now. */
  end(): Promise<string>;
}

interface HoldDependencies {
  readonly client: Pick<QueueClient, 'updateMessage'>;
  readonly alarm: Alarm;
  readonly now: () => number;
  readonly leaseMs: number;
  readonly onError: (error: unknown) => void;
}

/** Renews the invisibility of a message at half of the lease (10 minutes, renewed every 5, in QueueListener.cs). */
export function keepInvisible(
  { client, alarm, now, leaseMs, onError }: HoldDependencies,
  { messageId, ...message }: { readonly messageId: string; readonly popReceipt: string },
): Hold {
  let { popReceipt } = message;
  let inProgress = Promise.resolve();
  let cancel = schedule();

  function schedule() {
    return alarm.at(now() + leaseMs / 2, () => {
      inProgress = renew();
    });
  }
  async function renew() {
    try {
      const leaseSeconds = Math.round(leaseMs / 1000);
      const renewed = await client.updateMessage(messageId, popReceipt, undefined, leaseSeconds);
      popReceipt = renewed.popReceipt ?? popReceipt;
    } catch (error) {
      onError(error);
    }
    cancel = schedule();
  }
  return {
    async end() {
      cancel();
      await inProgress;
      cancel();
      return popReceipt;
    },
  };
}
