type ProcessStartCode = 'EXITED_EARLY' | 'NOT_READY' | 'NOT_STARTED' | 'PORT_TAKEN';

const SHOWN_LINES = 10;

/** A program that did not come up; the message ends with the last lines it wrote. */
export class ProcessStartError extends Error {
  override readonly name = 'ProcessStartError';

  constructor(
    readonly code: ProcessStartCode,
    message: string,
    lastLines: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super([message, ...lastLines.slice(-SHOWN_LINES).map((line) => `  ${line}`)].join('\n'), options);
  }
}

interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Says why a program ended before it was ready; a taken port is found in what it wrote. */
export function explainFailedStart(
  name: string,
  exit: Exit,
  lines: readonly string[],
  errorLines: readonly string[],
): ProcessStartError {
  const taken = [...errorLines, ...lines].find((line) =>
    /EADDRINUSE|already in use|port \d+ is taken/i.test(line),
  );
  if (taken !== undefined) {
    const port = /:(\d{2,5})\b/.exec(taken)?.[1] ?? /\bport (\d{2,5})\b/i.exec(taken)?.[1];
    return new ProcessStartError(
      'PORT_TAKEN',
      `${name} could not start: ${port === undefined ? 'its port' : `port ${port}`} is already in use. ` +
        'Stop the program that holds it, or start with another port.',
      [taken],
    );
  }
  const how = exit.signal === null ? `code ${exit.code}` : `signal ${exit.signal}`;
  const last = errorLines.length > 0 ? errorLines : lines;
  return new ProcessStartError('EXITED_EARLY', `${name} ended with ${how} before it was ready.`, last);
}
