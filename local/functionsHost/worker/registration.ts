import Module from 'node:module';
import { HostError } from '../hostError';
import type { LogEntry } from '../reporter';
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './coreTypes';

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

/** Everything that one app registered, and the hook data that its hooks share. */
export interface Worker {
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  readonly appHookData: Record<string, unknown>;
  readonly appLevelHookData: Record<string, unknown>;
  /** The object that `require('@azure/functions-core')` returns. */
  readonly coreModule: Readonly<Record<string, unknown>>;
  readonly hooks: (name: string) => readonly HookCallback[];
  readonly programmingModel: () => ProgrammingModel;
  /** Every later registration throws, as after the host has requested the metadata. */
  readonly closeRegistration: () => void;
  readonly log: (entry: LogEntry) => void;
}

/** The worker whose sequence of steps this host follows. */
const WORKER_VERSION = '3.9.1';
const CORE_MODULE = '@azure/functions-core';

/** A worker without an app. `log` receives lines that library and app write outside an invocation. */
export function createWorker(log: (entry: LogEntry) => void): Worker {
  const functions = new Map<string, RegisteredFunction>();
  const hooks = new Map<string, HookCallback[]>();
  let model: ProgrammingModel | undefined;
  let open = true;
  const requireOpen = (message: string) => {
    if (!open) throw new HostError('registration_closed', message);
  };

  function registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
    const { name } = metadata;
    requireOpen(
      `A function can only be registered during app startup, function "${name}" came later: call app.* at the top level of a file that "main" names.`,
    );
    if (functions.has(name))
      throw new HostError(
        'bad_function',
        `A function with name "${name}" has already been registered: give each function its own name.`,
      );
    functions.set(name, { metadata, callback });
    return new Disposable(() => {
      requireOpen(`Function "${name}" can only be disposed during app startup.`);
      functions.delete(name);
    });
  }

  function registerHook(name: string, callback: HookCallback): Disposable {
    hooks.set(name, [...(hooks.get(name) ?? []), callback]);
    return new Disposable(() =>
      hooks.set(
        name,
        (hooks.get(name) ?? []).filter((one) => one !== callback),
      ),
    );
  }

  return {
    functions,
    appHookData: {},
    appLevelHookData: {},
    log,
    hooks: (name) => hooks.get(name) ?? [],
    closeRegistration: () => (open = false),
    programmingModel() {
      if (model) return model;
      throw new HostError(
        'no_programming_model',
        'The app never called "@azure/functions": register at least one function with app.http, app.storageQueue or app.timer.',
      );
    },
    coreModule: {
      version: WORKER_VERSION,
      hostVersion: '4.0.0-local',
      registerFunction,
      registerHook,
      setProgrammingModel: (next: ProgrammingModel) => (model = next),
      getProgrammingModel: () => model,
      log: (level: LogLevel, _category: LogCategory, message: string) => log({ level, category: 'Worker', message }),
      Disposable,
    },
  };
}

/**
 * Makes `require('@azure/functions-core')` return `coreModule` in this process, also through `createRequire`, as the
 * worker does. Call it before the app is loaded: the library requires the module once and keeps the result.
 */
export function provideCoreModule(coreModule: object): void {
  const prototype = Module.prototype as { require: (this: unknown, id: string) => unknown };
  prototype.require = new Proxy(prototype.require, {
    apply: (target, self, args: [string]) => (args[0] === CORE_MODULE ? coreModule : Reflect.apply(target, self, args)),
  });
}

/** The `Disposable` class that the core module offers to programming models. */
class Disposable {
  #onDispose: (() => unknown) | undefined;

  constructor(onDispose: () => unknown) {
    this.#onDispose = onDispose;
  }

  static from(...parts: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const part of parts) part.dispose();
    });
  }

  dispose(): void {
    const onDispose = this.#onDispose;
    this.#onDispose = undefined;
    onDispose?.();
  }
}

/** Runs the hooks of one name in the order of their registration and awaits each. The first that throws ends it. */
export async function runHooks(worker: Worker, name: string, context: Record<string, unknown>): Promise<void> {
  for (const hook of worker.hooks(name)) await hook(context);
}

/** A hook context whose members a hook may read but not replace (assigning throws in strict code), as in the worker. */
export function readOnly(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const context: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) Object.defineProperty(context, name, { value, enumerable: true });
  return context;
}
