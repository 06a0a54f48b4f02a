import { RestError, type QueueClient } from '@azure/storage-queue';

/** Puts a NEW message with the same body on the poison queue, which is created when it is missing. */
export async function giveUp(poison: QueueClient, body: string): Promise<void> {
  try {
    await poison.sendMessage(body);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await poison.createIfNotExists();
    await poison.sendMessage(body);
  }
}

/** Whether storage answered that the queue or message is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof RestError && error.statusCode === 404;
}
