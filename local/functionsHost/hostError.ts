export type HostErrorCode =
  | 'usage'
  | 'port_taken'
  | 'app_not_loaded'
  | 'bad_host_json'
  | 'bad_settings'
  | 'bad_function'
  | 'registration_closed'
  | 'no_programming_model';

/** An error whose message is meant for the person who started the host: it names the setting and the remedy. */
export class HostError extends Error {
  constructor(
    readonly code: HostErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'HostError';
  }
}
