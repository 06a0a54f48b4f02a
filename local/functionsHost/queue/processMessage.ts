import type { QueueFunction } from '../describeFunctions';
import { messageOf } from '../messageOf';
import { decideAfterRun, decideBeforeRun, type Fate } from './decideFate';
import { decodeMessage } from './decodeMessage';
import { giveUp } from './giveUp';
import { keepInvisible } from './keepInvisible';
import type { QueueDependencies } from './queueDependencies';
import { toMessageMetadata, type ReceivedMessage } from './toMessageTrigger';

/** Runs the function for one received message and settles it. Never throws: what goes wrong with storage is logged. */
export async function processMessage(
  dependencies: QueueDependencies,
  fn: QueueFunction,
  message: ReceivedMessage,
): Promise<void> {
  const { options, poison, reporter } = dependencies;
  const circumstances = {
    dequeueCount: message.dequeueCount,
    maxDequeueCount: options.maxDequeueCount,
    hasPoisonQueue: poison !== undefined,
  };
  const log = (level: 'warning' | 'error', text: string) =>
    reporter.log({ level, category: 'Host.Queues', function: fn.name, message: text });
  try {
    const before = decideBeforeRun(circumstances);
    const text = decodeMessage(message.messageText, options.messageEncoding);
    if (text === undefined) {
      log(
        'warning',
        `Message ${message.messageId} on ${fn.queueName} is not base64 and was not run: send base64, or set messageEncoding to "none".`,
      );
      await settle(dependencies, message, message.popReceipt, poison ? 'poison' : 'leave');
    } else if (before !== 'run') {
      await settle(dependencies, message, message.popReceipt, before);
    } else {
      const { ok, popReceipt } = await run(dependencies, fn, message, text, log);
      const after = decideAfterRun(ok, circumstances);
      if (after === 'poison')
        log(
          'error',
          `Message ${message.messageId} has reached MaxDequeueCount of ${options.maxDequeueCount}. Moving it to ${poison?.name ?? ''}.`,
        );
      await settle(dependencies, message, popReceipt, after);
    }
  } catch (error) {
    log(
      'error',
      `Message ${message.messageId} on ${fn.queueName} was not settled and will come back: ${messageOf(error)}`,
    );
  }
}

async function run(
  dependencies: QueueDependencies,
  fn: QueueFunction,
  message: ReceivedMessage,
  text: string,
  log: (level: 'warning', text: string) => void,
): Promise<{ ok: boolean; popReceipt: string }> {
  const hold = keepInvisible(
    {
      ...dependencies,
      onError: (error) =>
        log('warning', `Lease of message ${message.messageId} not renewed: ${messageOf(error)}`),
    },
    message,
  );
  const { ok } = await dependencies.invoke(fn, {
    input: { string: text },
    metadata: toMessageMetadata(message, text),
    dequeueCount: message.dequeueCount,
  });
  return { ok, popReceipt: await hold.end() };
}

async function settle(
  { client, poison, options }: QueueDependencies,
  { messageId, messageText }: ReceivedMessage,
  popReceipt: string,
  fate: Fate,
): Promise<void> {
  if (fate === 'retry')
    await client.updateMessage(
      messageId,
      popReceipt,
      undefined,
      Math.round(options.visibilityTimeoutMs / 1000),
    );
  else if (fate === 'poison' && poison) {
    await giveUp(poison, messageText);
    await client.deleteMessage(messageId, popReceipt);
  } else if (fate === 'delete') await client.deleteMessage(messageId, popReceipt);
}
