import { ReceiverError } from '../errors';

/** What `parse` returns; when it throws an error of ours, `tell` hears of it and the answer is undefined. */
export function orTold<T>(parse: () => T, tell: (error: ReceiverError) => void): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ReceiverError)) throw error;
    tell(error);
    return undefined;
  }
}
