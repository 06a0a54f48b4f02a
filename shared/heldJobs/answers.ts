import type { Parsed } from './requests';

/** What a route answers. Each refusal has the same shape: `{ error: { code, message, field? } }`. */
export interface Answer {
  status: number;
  body: object;
}

/** The status of each code. A test holds them equal to docs/http-api.md. */
export const ANSWER_STATUS = {
  invalidRequest: 400,
  unauthorized: 401,
  printerNotAllowed: 403,
  jobNotFound: 404,
  notFound: 404,
  wishPending: 409,
  jobNotHeld: 409,
  lengthRequired: 411,
  tooLarge: 413,
  tooManyAttempts: 429,
  unavailable: 503,
} as const satisfies Record<string, number>;

/** The codes of refusals. Callers branch on the code, never on the message. */
type AnswerCode = keyof typeof ANSWER_STATUS;

/** @param more further members of the body, such as the state of a job */
export function refusal(code: AnswerCode, message: string, more: { field?: string; job?: object } = {}): Answer {
  const { field, ...rest } = more;
  return {
    status: ANSWER_STATUS[code],
    body: { error: { code, message, ...(field === undefined ? {} : { field }) }, ...rest },
  };
}

/** The answer to a body that is not valid. */
export function invalidRequest({ field, message }: Exclude<Parsed<never>, { value: never }>): Answer {
  return refusal('invalidRequest', `${message}.`, field === undefined ? {} : { field });
}

export function jobNotFound(): Answer {
  return refusal('jobNotFound', 'There is no such job.');
}
