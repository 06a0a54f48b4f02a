import { InvalidArgumentError } from 'commander';
import type { ControlClient } from '../graphSimulator/control/controlClient';
import type { Output } from './output';

/** What each verb works with. */
export interface ToolContext {
  /** The control API of the simulator. @throws ToolError where Graph is not simulated on this machine */
  control: () => ControlClient;
  output: Output;
}

/** An expected failure: its message is one line with a remedy. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

/** The meaning of `--json`, in the words of the other verbs. */
export const JSON_HELP = 'print one JSON document and nothing else';

/** The end of the help of a verb: how to call it. */
export function examples(...commands: string[]): string {
  const lines = commands.map((command) => `  npm run -s cli -- ${command}`);
  return `\nExample${commands.length > 1 ? 's' : ''}:\n${lines.join('\n')}`;
}

/** An argument that is a whole number from 1. */
export function wholeNumber(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return number;
}
