import type { InvocationRequest } from './worker/coreTypes';

export type TraceContext = InvocationRequest['traceContext'];

/** The trace context of one invocation. HTTP passes the headers of its caller. */
export type CreateTraceContext = (caller?: TraceContext) => TraceContext;

/** https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/;

/**
 * Without Application Insights the host sends an empty `traceParent`, even if the caller sent one. With it, the host
 * starts a span in the caller's trace, or in a trace of its own. The flags of the caller count. A trace of its own is not
 * sampled (00, as observed), and with `telemetryMode` OpenTelemetry it is (01): the default sampler of OpenTelemetry is
 * parent-based and always on (specification, "Built-in samplers"), and the host offers no other (azure-functions-host#11496).
 */
export function createTraceContext(
  env: NodeJS.ProcessEnv,
  { isOpenTelemetry }: { isOpenTelemetry: boolean },
  randomHex: (bytes: number) => string,
): CreateTraceContext {
  const ownFlags = isOpenTelemetry ? '01' : '00';
  const isOn = env.APPLICATIONINSIGHTS_CONNECTION_STRING !== undefined;
  return ({ traceParent = '', traceState = '' } = {}) => {
    if (!isOn) return { traceParent: '', traceState: '' };
    const [, traceId, flags = ownFlags] = TRACEPARENT.exec(traceParent) ?? [];
    if (traceId === undefined) return { traceParent: `00-${randomHex(16)}-${randomHex(8)}-${flags}`, traceState: '' };
    return { traceParent: `00-${traceId}-${randomHex(8)}-${flags}`, traceState };
  };
}
