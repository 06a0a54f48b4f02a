import type { ProcessDeps, ProcessOutcome } from './processDeps';

/** Keeps a message that nobody can work on for a person to look at, with the reason in the log. */
export async function sendToPoison(
  deps: ProcessDeps,
  input: unknown,
  fields: Record<string, string>,
): Promise<ProcessOutcome> {
  deps.logger.error('job.poison', fields);
  await deps.queues.poison.send(typeof input === 'string' ? input : JSON.stringify(input));
  return 'poison';
}
