import { usageError } from './arguments';
import type { CliIo } from './cliContext';

/**
 * Asks before `verb` destroys something.
 *
 * @throws ReceiverError `usage` when nobody is there to answer
 */
export async function confirmed(
  { confirm }: Pick<CliIo, 'confirm'>,
  verb: string,
  question: string,
): Promise<boolean> {
  const answer = await confirm(question);
  if (answer === undefined) throw usageError(`${verb} asks before it acts: add --yes to do it unasked`);
  return answer;
}
