import type { InvocationContext } from '@azure/functions';
import { randomBytes } from 'node:crypto';
import { systemClock } from '../shared/clock';
import { errorFields } from '../shared/errors';
import type { CallGraph } from '../shared/graph/client';
import { idsOfInput, parseJobMessage } from '../shared/jobs/message';
import type { ProcessOutcome } from '../shared/jobs/processNotification';
import { QUEUE_NAMES } from '../shared/storage/account';
import { startWorkSpan, type SpanAttributes, type WorkSpan } from '../shared/telemetry/spans';
import type { Telemetry } from '../shared/telemetry/telemetry';
import { parseTraceparent } from '../shared/telemetry/traceparent';

/** What the work on a job needs of its span. Without telemetry, nothing. */
interface JobTrace {
  /** The same calls, each of which is a span under that of the job. */
  callGraph: CallGraph;
  /** Of the span of this run. */
  traceparent?: string;
}

/** Outcomes after which a person or another run has to look at the job. Their runs are traced like those that throw. */
const FAILED: readonly ProcessOutcome[] = ['failed', 'poisoned', 'taskStaysOpen'];

/**
 * Works on a message of a job within a span, which is a child of the one that sent the message and linked to the host's span
 * of this invocation. The queue carries no trace context, so the host's span is in a trace of its own.
 */
export async function traceJob(
  { telemetry, context, callGraph }: { telemetry: Telemetry; context: InvocationContext; callGraph: CallGraph },
  message: unknown,
  work: (trace: JobTrace) => Promise<ProcessOutcome>,
): Promise<ProcessOutcome> {
  if (!telemetry.isOn) return work({ callGraph });
  const parsed = parseJobMessage(message);
  const span = startWorkSpan(
    { trace: (spans) => telemetry.trace(spans), now: () => systemClock.now(), randomBytes },
    {
      name: `process ${QUEUE_NAMES.jobs}`,
      parent: 'message' in parsed ? parseTraceparent(parsed.message.traceparent) : undefined,
      link: parseTraceparent(context.traceContext?.traceParent),
    },
  );
  const ids = { function: context.functionName, ...idsOfInput(message) };
  try {
    const outcome = await work({ callGraph: traceGraph(callGraph, span), traceparent: span.traceparent });
    span.end({ attributes: { ...ids, outcome }, isFailed: FAILED.includes(outcome) });
    return outcome;
  } catch (error) {
    span.end({ attributes: { ...ids, ...codeOf(error) }, isFailed: true });
    throw error;
  }
}

function traceGraph(callGraph: CallGraph, span: WorkSpan): CallGraph {
  return (call) => {
    const { method, path, tenantId } = call;
    const name = `${method} ${maskPath(path)}`;
    const attributes = { 'peer.service': 'Microsoft Graph', 'http.request.method': method, tenantId };
    return span.call(
      { name, attributes },
      () => callGraph(call),
      (result) => ('answer' in result ? { 'http.response.status_code': result.answer.status } : codeOf(result.error)),
    );
  };
}

/** A word of the API, a cast or `$value`. Everything else in a path is an id. */
const WORD = /^[A-Za-z$][A-Za-z.]{0,40}$/;

/** The path without its query and with `{id}` in the place of ids: one name for all calls of a kind. */
function maskPath(path: string): string {
  const [plain = ''] = path.split('?');
  return plain
    .split('/')
    .map((segment) => (segment === '' || WORD.test(segment) ? segment : '{id}'))
    .join('/');
}

/** Messages of errors quote what they met, so a span has the code alone. */
function codeOf(error: unknown): SpanAttributes {
  const { code = 'unexpected', status } = errorFields(error);
  return { code, ...(status === undefined ? {} : { 'http.response.status_code': status }) };
}
