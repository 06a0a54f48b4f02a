import type { Worker } from './createWorker';

/** Runs the hooks of one name in the order of their registration, each awaited; the first that throws ends it. */
export async function runHooks(
  worker: Worker,
  name: string,
  context: Record<string, unknown>,
): Promise<void> {
  for (const hook of [...worker.hooks(name)]) await hook(context);
}

/** A hook context whose named members the hook may read and not replace, as in the worker. */
export function readOnly(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const context: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    Object.defineProperty(context, key, {
      enumerable: true,
      get: () => value,
      set: () => {
        throw new Error(
          `Cannot assign to read only property "${key}" of a hook context: change its content instead.`,
        );
      },
    });
  }
  return context;
}
