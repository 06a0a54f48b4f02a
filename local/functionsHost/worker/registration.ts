import Module from 'node:module';
import { HostError } from '../hostError';
import type { LogEntry } from '../reporter';
import type { FunctionCallback, FunctionMetadata, HookCallback, LogLevel, ProgrammingModel } from './coreTypes';

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

/** Everything that one app registered, and the hook data that its hooks share. */
export type Worker = ReturnType<typeof createWorker>;

/** The worker whose sequence of steps this host follows. */
const WORKER_VERSION = '3.9.1';
const CORE_MODULE = '@azure/functions-core';

/** A worker without an app. `log` receives lines that library and app write outside an invocation. */
export function createWorker(log: (entry: LogEntry) => void) {
  const functions = new Map<string, RegisteredFunction>();
  const hooks = new Map<string, readonly HookCallback[]>();
  let model: ProgrammingModel | undefined;
  let open = true;
  const hooksOf = (name: string): readonly HookCallback[] => hooks.get(name) ?? [];
  const requireOpen = (message: string) => {
    if (!open) throw new HostError('registration_closed', message);
  };

  function registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
    const { name } = metadata;
    const late = `A function can only be registered during app startup, function "${name}" came later`;
    requireOpen(`${late}: call app.* at the top level of a file that "main" names.`);
    const taken = `A function with name "${name}" has already been registered: give each function its own name.`;
    if (functions.has(name)) throw new HostError('bad_function', taken);
    functions.set(name, { metadata, callback });
    return new Disposable(() => {
      requireOpen(`Function "${name}" can only be disposed during app startup.`);
      functions.delete(name);
    });
  }

  function registerHook(name: string, callback: HookCallback): Disposable {
    const others = () => hooksOf(name).filter((one) => one !== callback);
    hooks.set(name, [...hooksOf(name), callback]);
    return new Disposable(() => hooks.set(name, others()));
  }

  return {
    functions,
    appHookData: {},
    appLevelHookData: {},
    log,
    hooks: hooksOf,
    /** Every later registration throws, as after the host has requested the metadata. */
    closeRegistration: () => (open = false),
    programmingModel(): ProgrammingModel {
      if (model) return model;
      const remedy = 'register at least one function with app.http, app.storageQueue or app.timer.';
      throw new HostError('no_programming_model', `The app never called "@azure/functions": ${remedy}`);
    },
    /** The object that `require('@azure/functions-core')` returns. */
    coreModule: {
      version: WORKER_VERSION,
      hostVersion: '4.0.0-local',
      registerFunction,
      registerHook,
      setProgrammingModel: (next: ProgrammingModel) => (model = next),
      getProgrammingModel: () => model,
      log: (level: LogLevel, _category: string, message: string) => log({ level, category: 'Worker', message }),
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
  constructor(readonly dispose: () => unknown) {}
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

/** The context of hooks of the app as a whole: their shared data and `fields`. */
export function appContext(worker: Worker, fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return readOnly({ hookData: worker.appLevelHookData, appHookData: worker.appHookData, ...fields });
}
