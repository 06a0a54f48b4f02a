import { HostError } from './hostError';
import { resolveSettings } from './settings/resolveSettings';
import type { BindingInfo } from './worker/coreTypes';
import type { RegisteredFunction } from './worker/createWorker';

interface Described {
  readonly name: string;
  readonly target: RegisteredFunction;
  /** Name of the trigger's binding: the library looks the input up under it. */
  readonly inputName: string;
}

export interface HttpFunction extends Described {
  readonly type: 'http';
  readonly route: string;
  readonly methods: readonly string[];
  readonly authLevel: 'anonymous' | 'function' | 'admin';
}

export interface QueueFunction extends Described {
  readonly type: 'queue';
  readonly queueName: string;
  /** Name of the setting that holds the connection string. */
  readonly connection: string;
}

export interface TimerFunction extends Described {
  readonly type: 'timer';
  readonly schedule: string;
  readonly runOnStartup: boolean;
  readonly useMonitor: boolean;
}

export type DescribedFunction = HttpFunction | QueueFunction | TimerFunction;

/** Queue names: 3 to 63 lower-case letters, digits and single hyphens (naming rules of Queue storage). */
const QUEUE_NAME = /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/;

/**
 * Reads one registered function's trigger from its binding, `%SETTING%` resolved from `env`. Throws HostError
 * `bad_function` where this host cannot run it.
 */
export function describeFunction(target: RegisteredFunction, env: NodeJS.ProcessEnv): DescribedFunction {
  const { name, bindings } = target.metadata;
  const entries = Object.entries(bindings);
  const unsupported = entries.find(
    ([key, { type }]) => !isTrigger(type) && !(key === '$return' && type === 'http'),
  );
  if (unsupported)
    throw bad(
      name,
      `binding "${unsupported[0]}" of type "${unsupported[1].type ?? ''}" is not supported by the local host; use the storage SDK in the function`,
    );
  const trigger = entries.find(([, { type }]) => isTrigger(type));
  if (!trigger) throw bad(name, 'it has no trigger');
  const [inputName, binding] = trigger;
  const described = { name, target, inputName };
  const read = (option: string, fallback?: string) =>
    resolveSettings(textOption(name, binding, option, fallback), env);

  switch (binding.type) {
    case 'httpTrigger':
      return {
        ...described,
        type: 'http',
        route: read('route', name) || name,
        methods: listOption(binding, 'methods').map((method) => method.toUpperCase()),
        authLevel: authLevel(name, read('authLevel', 'anonymous')),
      };
    case 'queueTrigger': {
      const queueName = read('queueName');
      if (!QUEUE_NAME.test(queueName)) throw bad(name, `queueName "${queueName}" is not a valid queue name`);
      return {
        ...described,
        type: 'queue',
        queueName,
        connection: read('connection', 'AzureWebJobsStorage'),
      };
    }
    case 'timerTrigger':
      return {
        ...described,
        type: 'timer',
        schedule: read('schedule'),
        runOnStartup: binding.runOnStartup === true,
        useMonitor: binding.useMonitor !== false,
      };
    default:
      throw bad(
        name,
        `trigger type "${binding.type ?? ''}" is not supported by the local host (http, storageQueue, timer are)`,
      );
  }
}

function isTrigger(type: string | undefined): boolean {
  return type !== undefined && type.toLowerCase().endsWith('trigger');
}

function textOption(name: string, binding: BindingInfo, option: string, fallback?: string): string {
  const value = binding[option] ?? fallback;
  if (typeof value !== 'string') throw bad(name, `option "${option}" must be a text`);
  return value;
}

function listOption(binding: BindingInfo, option: string): string[] {
  const value: unknown = binding[option];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function authLevel(name: string, text: string): HttpFunction['authLevel'] {
  if (text === 'anonymous' || text === 'function' || text === 'admin') return text;
  throw bad(name, `authLevel "${text}" must be anonymous, function or admin`);
}

function bad(name: string, reason: string): HostError {
  return new HostError('bad_function', `The '${name}' function is in error: ${reason}.`);
}
