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

/** Parses the JSON of a file called `name`. A byte order mark is allowed. Throws HostError `code`. */
export function parseJson(name: string, text: string, code: HostErrorCode): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new HostError(code, `${name} is not JSON: ${messageOf(cause)}`, { cause });
  }
}

/** The JSON object in a text. Undefined for any other text. */
export function toJsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isRecord(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
