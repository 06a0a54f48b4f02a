import { RestError, type QueueClient } from '@azure/storage-queue';
import type { QueueFunction } from '../functions';
import { messageOf } from '../hostError';
import type { HostContext } from '../hostContext';
import { decodeMessage, toMessageMetadata, type ReceivedMessage } from './messageData';

export interface QueueContext extends HostContext {
  readonly client: QueueClient;
  /** Undefined: the queue has no poison queue. */
  readonly poison: QueueClient | undefined;
}

/**
 * Runs the function for one received message, then deletes, requeues or poisons the message. Never throws: storage
 * errors are logged, and the message becomes visible again after its lease.
 */
export async function processMessage(
  context: QueueContext,
  fn: QueueFunction,
  message: ReceivedMessage,
): Promise<void> {
  const { config, poison, reporter, invoke } = context;
  const { maxDequeueCount, messageEncoding } = config.queues;
  const { messageId, messageText, dequeueCount, popReceipt } = message;
  const attempt = { dequeueCount, maxDequeueCount, hasPoisonQueue: poison !== undefined };
  const log = (level: 'warning' | 'error', text: string) =>
    reporter.log({ level, category: 'Host.Queues', function: fn.name, message: `Message ${messageId} ${text}` });
  try {
    const decoded = decodeMessage(messageText, messageEncoding);
    if ('problem' in decoded && decoded.problem === 'not base64') {
      const remedy = 'send base64, or set messageEncoding to "none"';
      log('warning', `on ${fn.queueName} is not base64 and was not run: ${remedy}.`);
      return await complete(context, message, popReceipt, poison ? 'poison' : 'leave');
    }
    const before = decideBeforeRun(attempt);
    if (before !== 'run') return await complete(context, message, popReceipt, before);
    if ('problem' in decoded) {
      log('error', `on ${fn.queueName} is not UTF-8 and was not run: each try fails.`);
      return await complete(context, message, popReceipt, decideAfterRun(false, attempt));
    }
    const { text } = decoded;
    const onError = (error: unknown) => log('warning', `lease was not renewed: ${messageOf(error)}`);
    const lease = keepInvisible({ ...context, onError }, message);
    const metadata = toMessageMetadata(message, text);
    const response = await invoke(fn, { input: { string: text }, metadata, dequeueCount });
    const receipt = await lease.end();
    const after = decideAfterRun(response !== undefined, attempt);
    if (after === 'poison')
      log('error', `has reached MaxDequeueCount of ${maxDequeueCount}. Moving it to ${poison?.name ?? ''}.`);
    await complete(context, message, receipt, after);
  } catch (error) {
    log('error', `on ${fn.queueName} could not be completed and will be redelivered: ${messageOf(error)}`);
  }
}

/** The outcome for a message. `leave`: it stays invisible until its lease expires. */
export type Outcome = 'run' | 'delete' | 'retry' | 'poison' | 'leave';

interface Attempt {
  readonly dequeueCount: number;
  readonly maxDequeueCount: number;
  readonly hasPoisonQueue: boolean;
}

/** Before a run: a message that was received too often is not run (QueueProcessor.cs). */
export function decideBeforeRun({ dequeueCount, maxDequeueCount, hasPoisonQueue }: Attempt): Outcome {
  if (dequeueCount <= maxDequeueCount) return 'run';
  return hasPoisonQueue ? 'poison' : 'leave';
}

/**
 * After a run: success deletes. Failure makes the message visible again, or moves it to poison at the maximum count.
 * Without a poison queue it stays invisible, which prevents a fast endless loop (QueueProcessor.cs).
 */
export function decideAfterRun(ok: boolean, { dequeueCount, maxDequeueCount, hasPoisonQueue }: Attempt): Outcome {
  if (ok) return 'delete';
  if (!hasPoisonQueue) return 'leave';
  return dequeueCount >= maxDequeueCount ? 'poison' : 'retry';
}

async function complete(
  { client, poison, config }: QueueContext,
  { messageId, messageText }: ReceivedMessage,
  popReceipt: string,
  outcome: Outcome,
): Promise<void> {
  const visibleInSeconds = Math.round(config.queues.visibilityTimeoutMs / 1000);
  if (outcome === 'retry') await client.updateMessage(messageId, popReceipt, undefined, visibleInSeconds);
  if (outcome === 'poison' && poison) await sendToPoison(poison, messageText);
  if (outcome === 'delete' || outcome === 'poison') await client.deleteMessage(messageId, popReceipt);
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

interface LeaseContext extends Pick<HostContext, 'alarm' | 'now' | 'leaseMs'> {
  readonly client: Pick<QueueClient, 'updateMessage'>;
  readonly onError: (error: unknown) => void;
}

/**
 * Renews the invisibility of a message at half of the lease (10 minutes, renewed every 5, in QueueListener.cs). `end`
 * stops the renewals, waits for one in progress, and returns the pop receipt that is valid now.
 */
export function keepInvisible(
  { client, alarm, now, leaseMs, onError }: LeaseContext,
  { messageId, ...message }: Pick<ReceivedMessage, 'messageId' | 'popReceipt'>,
) {
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
    async end(): Promise<string> {
      cancel();
      await inProgress;
      cancel();
      return popReceipt;
    },
  };
}
