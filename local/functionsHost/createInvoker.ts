import { randomUUID } from 'node:crypto';
import type { Reporter } from './createReporter';
import type { DescribedFunction } from './describeFunctions';
import { messageOf } from './messageOf';
import type { InvocationResponse, TraceContext, TypedData } from './worker/coreTypes';
import type { Worker } from './worker/createWorker';
import { invoke } from './worker/invoke';

export interface InvocationInput {
  readonly input: TypedData;
  readonly metadata?: Record<string, TypedData>;
  readonly trace?: TraceContext;
  readonly dequeueCount?: number;
}

export type InvocationResult =
  { readonly ok: true; readonly response: InvocationResponse } | { readonly ok: false };

/** Runs a function once; a throw is logged and comes back as `ok: false`, because every trigger treats it as an outcome. */
export type Invoker = (fn: DescribedFunction, input: InvocationInput) => Promise<InvocationResult>;

interface InvokerDependencies {
  readonly worker: Worker;
  readonly reporter: Reporter;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicMs: () => number;
}

/** An invoker that reports the end of every invocation. */
export function createInvoker({ worker, reporter, monotonicMs }: InvokerDependencies): Invoker {
  return async (fn, { dequeueCount, ...given }) => {
    const invocationId = randomUUID();
    const startedAt = monotonicMs();
    const end = (ok: boolean) =>
      reporter.invocation({
        function: fn.name,
        invocationId,
        ok,
        durationMs: Math.round((monotonicMs() - startedAt) * 1000) / 1000,
        ...(dequeueCount === undefined ? {} : { dequeueCount }),
      });
    try {
      const response = await invoke(worker, fn.target, {
        invocationId,
        inputName: fn.inputName,
        metadata: {},
        ...given,
      });
      end(true);
      return { ok: true, response };
    } catch (error) {
      reporter.log({
        level: 'error',
        category: `Function.${fn.name}`,
        function: fn.name,
        invocationId,
        message: `Executed 'Functions.${fn.name}' (Failed): ${messageOf(error, 'stack')}`,
      });
      end(false);
      return { ok: false };
    }
  };
}
