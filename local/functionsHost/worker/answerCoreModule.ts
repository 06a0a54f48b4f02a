import Module from 'node:module';

const CORE_MODULE = '@azure/functions-core';

/**
 * Makes `require('@azure/functions-core')` answer `coreModule` in this process, for CommonJS `require` and for
 * `createRequire` alike, as the worker does. Must run before the app is loaded: the library asks once and remembers.
 * Returns the way back.
 */
export function answerCoreModule(coreModule: object): () => void {
  const prototype = Module.prototype as { require: (this: unknown, id: string) => unknown };
  const original = prototype.require;
  prototype.require = new Proxy(original, {
    apply: (target, self, args: [string]) =>
      args[0] === CORE_MODULE ? coreModule : Reflect.apply(target, self, args),
  });
  return () => (prototype.require = original);
}
