const SUFFIX = '-poison';
/** Longest queue name that storage allows. */
const MAX_NAME_LENGTH = 63;

/** The queue for messages given up on: none for a poison queue itself, nor where the name would get too long. */
export function poisonQueueName(queueName: string): string | undefined {
  const name = `${queueName}${SUFFIX}`;
  return queueName.endsWith(SUFFIX) || name.length > MAX_NAME_LENGTH ? undefined : name;
}
