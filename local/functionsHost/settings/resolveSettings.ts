import { HostError } from '../hostError';

/**
 * Replaces each `%NAME%` in a binding's text by the app setting of that name. Throws HostError `bad_function` naming the
 * setting that is missing: the host then leaves that one function out.
 */
export function resolveSettings(text: string, env: NodeJS.ProcessEnv): string {
  return text.replace(/%([^%]+)%/g, (_whole, name: string) => {
    const value = env[name];
    if (value === undefined)
      throw new HostError(
        'bad_function',
        `'%${name}%' does not resolve to a value: add the app setting ${name}.`,
      );
    return value;
  });
}
