import { ReceiverError } from '../shared/errors';

const STORAGE_REMEDIES = new Map([
  [403, 'its identity or key has no right to this: check AzureWebJobsStorage and the role assignments'],
  [404, 'the table or queue is missing: deploy the infrastructure, or start the local cloud (npm start)'],
]);

/** What a person is told of an error: what failed and what to do, never a stack and never text of unknown origin. */
export function errorLines(error: unknown): string {
  if (error instanceof ReceiverError) {
    // Settings are reported together: one a line.
    return error.message.replace(' to correct: ', ' to correct:\n  ').replaceAll('; ', '\n  ');
  }
  if (!(error instanceof Error)) return 'Unexpected error: run again with --verbose';
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (status !== undefined) {
    return `Storage answered ${status}: ${STORAGE_REMEDIES.get(status) ?? 'try again, and check AzureWebJobsStorage'}`;
  }
  if (code !== undefined && /^[A-Z_]{3,40}$/.test(code)) {
    return `Storage cannot be reached (${code}): check AzureWebJobsStorage, or start the local cloud (npm start)`;
  }
  return `Unexpected ${error.name}: run again with --verbose`;
}
