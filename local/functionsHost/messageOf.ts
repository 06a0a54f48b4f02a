/** What an unknown thrown value says: stack, else message, else its text. */
export function messageOf(error: unknown, form: 'stack' | 'message' = 'message'): string {
  if (!(error instanceof Error)) return String(error);
  return form === 'stack' ? (error.stack ?? error.message) : error.message;
}
