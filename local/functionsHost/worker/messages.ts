import type { HostErrorCode } from '../hostError';
import type { LogEntry } from '../reporter';
import type { FunctionMetadata, InvocationRequest, InvocationResponse, TypedData } from './coreTypes';

/** One run of a function, as the host sends it to the worker. */
export interface Call {
  readonly invocationId: string;
  readonly name: string;
  /** Name of the trigger's binding. The library finds the input under it. */
  readonly inputName: string;
  readonly input: TypedData;
  readonly metadata: Record<string, TypedData>;
  readonly trace: InvocationRequest['traceContext'];
}

/** What the host sends to its worker process. */
export type ToWorker =
  | { readonly type: 'invoke'; readonly call: Call }
  /** Runs the appTerminate hooks and ends. */
  | { readonly type: 'terminate' };

/** What the worker process sends to its host. */
export type FromWorker =
  | { readonly type: 'loaded'; readonly functions: readonly FunctionMetadata[] }
  | { readonly type: 'notLoaded'; readonly code: HostErrorCode; readonly message: string }
  | { readonly type: 'log'; readonly entry: LogEntry }
  | { readonly type: 'returned'; readonly invocationId: string; readonly response: InvocationResponse }
  | { readonly type: 'threw'; readonly invocationId: string; readonly stack: string };
