import { formatTraceparent, type SpanIds } from './traceparent';

export type SpanAttributes = Record<string, string | number | boolean>;

/** A span that has ended. Its attributes hold ids and counts as the log does, never a body, a name or an address. */
export interface EndedSpan {
  readonly name: string;
  readonly kind: 'consumer' | 'client';
  readonly ids: SpanIds;
  readonly parent?: SpanIds | undefined;
  /** A span of another trace that this one belongs to. */
  readonly link?: SpanIds | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: SpanAttributes;
  readonly isFailed: boolean;
}

export interface SpanDeps {
  trace: (spans: readonly EndedSpan[]) => void;
  /** Milliseconds since 1970. */
  now: () => number;
  randomBytes: (size: number) => Buffer;
}

/** The work on one message. */
export interface WorkSpan {
  /** Of this span, for what it sends. */
  readonly traceparent: string;
  /** Runs a call to another service as a span of its own under this one. `describe` gives attributes of its result. */
  call<T>(
    call: { name: string; attributes: SpanAttributes },
    work: () => Promise<T>,
    describe: Describe<T>,
  ): Promise<T>;
  /** Ends the span, which is exported with its calls if its trace is sampled or it failed. */
  end(result: { attributes?: SpanAttributes; isFailed: boolean }): void;
}

/** Attributes of what a call resolved or rejected with. */
export type Describe<T> = (result: { answer: T } | { error: unknown }) => SpanAttributes;

/**
 * One trace in ten is exported: a job gives about four spans of 1 KiB, and metrics count all jobs. The trace id alone decides,
 * so that a trace is exported whole. A run that failed is exported whatever its id.
 */
const SAMPLED_SHARE = 0.1;
const SAMPLED_BELOW = SAMPLED_SHARE * 2 ** 32;
/** The exporter takes it as a percentage, so that counts of sampled rows are extrapolated. */
const SAMPLED: SpanAttributes = { 'microsoft.sample_rate': 100 * SAMPLED_SHARE };

/** A run over many documents makes many calls. The first ones of a job show what happened to it. */
const MOST_CALLS = 50;

/** Whether the spans of a trace are exported. The last digits of an id are random (W3C Trace Context, random-trace-id). */
export function isSampled(traceId: string): boolean {
  return Number.parseInt(traceId.slice(-8), 16) < SAMPLED_BELOW;
}

/**
 * Starts the span of the work on one message, as a child of the span that sent it. Without one it begins a trace.
 *
 * @param link the span of the host's own invocation, which is in another trace
 */
export function startWorkSpan(
  { trace, now, randomBytes }: SpanDeps,
  { name, parent, link }: { name: string; parent: SpanIds | undefined; link: SpanIds | undefined },
): WorkSpan {
  const traceId = parent?.traceId ?? randomBytes(16).toString('hex');
  const newIds = (): SpanIds => ({ traceId, spanId: randomBytes(8).toString('hex') });
  const ids = newIds();
  const startedAt = now();
  const sampled = isSampled(traceId);
  const calls: EndedSpan[] = [];
  return {
    traceparent: formatTraceparent(ids, sampled),
    async call({ name: callName, attributes }, work, describe) {
      const begun = { name: callName, kind: 'client', ids: newIds(), parent: ids, startedAt: now() } as const;
      const end = (described: SpanAttributes, isFailed: boolean) => {
        if (calls.length >= MOST_CALLS) return;
        calls.push({ ...begun, endedAt: now(), attributes: { ...attributes, ...described }, isFailed });
      };
      try {
        const answer = await work();
        end(describe({ answer }), false);
        return answer;
      } catch (error) {
        end(describe({ error }), true);
        throw error;
      }
    },
    end({ attributes = {}, isFailed }) {
      if (!sampled && !isFailed) return;
      const weight = isFailed ? {} : SAMPLED;
      const own = {
        name,
        kind: 'consumer',
        ids,
        parent,
        link,
        startedAt,
        endedAt: now(),
        attributes,
        isFailed,
      } as const;
      trace([own, ...calls].map((span) => ({ ...span, attributes: { ...span.attributes, ...weight } })));
    },
  };
}
