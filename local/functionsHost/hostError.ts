export type HostErrorCode =
  | 'usage'
  | 'port_taken'
  | 'app_not_loaded'
  | 'bad_host_json'
  | 'bad_settings'
  | 'bad_function'
  | 'registration_closed'
  | 'no_programming_model';

/** An error for the person who started the host. The message names the setting and the remedy. */
export class HostError extends Error {
  override readonly name = 'HostError';

  constructor(
    readonly code: HostErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The text of any thrown value: the stack or the message of an error, otherwise the value as text. */
export function messageOf(error: unknown, form: 'stack' | 'message' = 'message'): string {
  if (!(error instanceof Error)) return String(error);
  return form === 'stack' ? (error.stack ?? error.message) : error.message;
}
