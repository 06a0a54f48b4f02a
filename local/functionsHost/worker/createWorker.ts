import type { LogEntry } from '../createReporter';
import { HostError } from '../hostError';
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './coreTypes';
import { Disposable } from './Disposable';

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

/** What one app has registered, and the hook data that all its hooks share. */
export interface Worker {
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  readonly appHookData: Record<string, unknown>;
  readonly appLevelHookData: Record<string, unknown>;
  /** The object answered to `require('@azure/functions-core')`. */
  readonly coreModule: Readonly<Record<string, unknown>>;
  readonly hooks: (name: string) => readonly HookCallback[];
  readonly programmingModel: () => ProgrammingModel;
  /** Metadata has been asked for: any later registration throws. */
  readonly closeRegistration: () => void;
  readonly log: (entry: LogEntry) => void;
}

/** The version of the worker whose order of steps this host copies. */
const WORKER_VERSION = '3.9.1';

/** A worker without an app. `log` receives what library and app write outside an invocation. */
export function createWorker(log: (entry: LogEntry) => void): Worker {
  const functions = new Map<string, RegisteredFunction>();
  const hooks = new Map<string, HookCallback[]>();
  let model: ProgrammingModel | undefined;
  let open = true;

  function registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
    const { name } = metadata;
    if (!open)
      throw new HostError(
        'registration_closed',
        `A function can only be registered during app startup, function "${name}" came later: call app.* at the top level of a file that "main" names.`,
      );
    if (functions.has(name))
      throw new HostError(
        'bad_function',
        `A function with name "${name}" has already been registered: give each function a name of its own.`,
      );
    functions.set(name, { metadata, callback });
    return new Disposable(() => {
      if (!open)
        throw new HostError(
          'registration_closed',
          `Function "${name}" can only be disposed during app startup.`,
        );
      functions.delete(name);
    });
  }

  function registerHook(name: string, callback: HookCallback): Disposable {
    const list = hooks.get(name) ?? [];
    hooks.set(name, list);
    list.push(callback);
    return new Disposable(() => {
      const index = list.indexOf(callback);
      if (index >= 0) list.splice(index, 1);
    });
  }

  return {
    functions,
    appHookData: {},
    appLevelHookData: {},
    log,
    hooks: (name) => hooks.get(name) ?? [],
    closeRegistration: () => (open = false),
    programmingModel() {
      if (!model)
        throw new HostError(
          'no_programming_model',
          'The app never called "@azure/functions": register at least one function with app.http, app.storageQueue or app.timer.',
        );
      return model;
    },
    coreModule: {
      version: WORKER_VERSION,
      hostVersion: '4.0.0-local',
      registerFunction,
      registerHook,
      setProgrammingModel: (next: ProgrammingModel) => (model = next),
      getProgrammingModel: () => model,
      log: (level: LogLevel, _category: LogCategory, message: string) =>
        log({ level, category: 'Worker', message }),
      Disposable,
    },
  };
}
