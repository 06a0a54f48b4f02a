import { HostError } from './hostError';
import type { BindingInfo, FunctionMetadata } from './worker/coreTypes';

interface Described {
  readonly name: string;
  /** Name of the trigger's binding. The library finds the input under it. */
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
const AUTH_LEVELS = ['anonymous', 'function', 'admin'] as const;

/**
 * Describes the trigger of one registered function, with `%SETTING%` resolved from `env`. Throws HostError
 * `bad_function` if this host cannot run it.
 */
export function describeFunction({ name, bindings }: FunctionMetadata, env: NodeJS.ProcessEnv): DescribedFunction {
  const bad = (reason: string) => new HostError('bad_function', `The '${name}' function is in error: ${reason}.`);
  const entries = Object.entries(bindings);
  const unsupported = entries.find(([key, { type }]) => !isTrigger(type) && !(key === '$return' && type === 'http'));
  if (unsupported) {
    const which = `binding "${unsupported[0]}" of type "${unsupported[1].type ?? ''}"`;
    throw bad(`${which} is not supported by the local host: use the storage SDK in the function`);
  }
  const trigger = entries.find(([, { type }]) => isTrigger(type));
  if (!trigger) throw bad('it has no trigger');
  const [inputName, binding] = trigger;
  const read = (option: string, fallback?: string) => {
    const value = binding[option] ?? fallback;
    if (typeof value !== 'string') throw bad(`option "${option}" must be a text`);
    return resolveSettings(value, env);
  };

  const described = { name, inputName };
  switch (binding.type) {
    case 'httpTrigger': {
      const level = read('authLevel', 'anonymous');
      const authLevel = AUTH_LEVELS.find((one) => one === level);
      if (!authLevel) throw bad(`authLevel "${level}" must be anonymous, function or admin`);
      const route = read('route', name) || name;
      return { ...described, type: 'http', route, methods: methodsOf(binding), authLevel };
    }
    case 'queueTrigger': {
      const queueName = read('queueName');
      if (!QUEUE_NAME.test(queueName)) throw bad(`queueName "${queueName}" is not a valid queue name`);
      return { ...described, type: 'queue', queueName, connection: read('connection', 'AzureWebJobsStorage') };
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
      throw bad(`trigger type "${binding.type ?? ''}" is not supported by the local host (http, queue and timer are)`);
  }
}

/**
 * Replaces each `%NAME%` in an option of a binding with the app setting of that name. Throws HostError `bad_function`
 * that names the missing setting.
 */
export function resolveSettings(text: string, env: NodeJS.ProcessEnv): string {
  return text.replace(/%([^%]+)%/g, (_whole, name: string) => {
    const value = env[name];
    if (value !== undefined) return value;
    throw new HostError('bad_function', `'%${name}%' does not resolve to a value: add the app setting ${name}.`);
  });
}

function isTrigger(type: string | undefined): boolean {
  return type !== undefined && type.toLowerCase().endsWith('trigger');
}

function methodsOf({ methods }: BindingInfo): string[] {
  const list: unknown[] = Array.isArray(methods) ? methods : [];
  return list.flatMap((method) => (typeof method === 'string' ? [method.toUpperCase()] : []));
}
