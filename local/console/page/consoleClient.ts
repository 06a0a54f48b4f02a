import type {
  ConsoleError,
  ConsoleFault,
  FaultName,
  FaultRequest,
  JobStory,
  PrintAnswer,
  PrintRequest,
  RedirectRequest,
  ResendRequest,
} from '../consoleApi';

export interface ClientParts {
  readonly fetch: typeof fetch;
  /** Of the address of the page. */
  readonly token: string;
}

/** The calls of the page. Each rejects with a message to show near its button. */
export interface ConsoleClient {
  print(request: PrintRequest): Promise<PrintAnswer>;
  /** Only for a job with a key. */
  release(job: JobStory): Promise<unknown>;
  redirect(job: JobStory, to: RedirectRequest): Promise<unknown>;
  abort(job: JobStory): Promise<unknown>;
  resend(request: ResendRequest): Promise<unknown>;
  setFault(name: FaultName, request: FaultRequest): Promise<ConsoleFault>;
  clearFault(name: FaultName): Promise<ConsoleFault>;
  /** Looks for jobs without a notification now. */
  sweep(): Promise<unknown>;
}

const NO_ANSWER = 'The local cloud does not answer. Is npm start still running?';

/** Calls the server of the console, as consoleApi.ts describes it. */
export function createConsoleClient({ fetch, token }: ClientParts): ConsoleClient {
  // The types of the answers are the server's promise, which the compiler checks on its side of consoleApi.ts.
  const send = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new Error(NO_ANSWER, { cause: error });
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (!response.ok) throw new Error(messageOf(answer) ?? `The local cloud answered ${response.status}.`);
    return answer as Answer;
  };
  const job = ({ tenantId, key = '' }: JobStory, action: string) =>
    `/api/jobs/${encodeURIComponent(tenantId)}/${encodeURIComponent(key)}/${action}`;
  return {
    print: (request) => send('POST', '/api/print', request),
    release: (story) => send('POST', job(story, 'release'), {}),
    redirect: (story, to) => send('POST', job(story, 'redirect'), to),
    abort: (story) => send('POST', job(story, 'abort'), {}),
    resend: (request) => send('POST', '/api/events/resend', request),
    setFault: (name, request) => send('POST', `/api/faults/${name}`, request),
    clearFault: (name) => send('DELETE', `/api/faults/${name}`),
    sweep: () => send('POST', '/api/sweep', {}),
  };
}

function messageOf(answer: unknown): string | undefined {
  const { error } = (answer ?? {}) as Partial<ConsoleError>;
  return typeof error?.message === 'string' ? error.message : undefined;
}
