import type { Checked } from './clouds';

export type SettingsEnvironment = Readonly<Record<string, string | undefined>>;

export type Check<T> = (text: string) => Checked<T>;

/** Reads settings by name, and collects the problems of all of them. */
export interface Reader<Name extends string> {
  /** The checked value. Undefined when the setting is missing or wrong. */
  read: <T>(name: Name, check: Check<T>) => T | undefined;
  isMissing: (name: Name) => boolean;
  /** As `read`, and reports a missing setting. */
  need: <T>(name: Name, form: string, check: Check<T>, why?: string) => T | undefined;
  readonly problems: string[];
}

/** A reference that App Service could not replace by the secret, or a person pasted into a file; also inside a value. */
const UNRESOLVED = /@Microsoft\.(KeyVault|AppConfiguration)\(/i;
const UNRESOLVED_PROBLEM =
  'is a reference that was not resolved: give the identity of the app the role Key Vault Secrets User, name that identity in keyVaultReferenceIdentity, check the name of the secret, and let the reference be the whole value';

/** @param names the settings that are searched for references that were not resolved, read or not */
export function createReader<Name extends string>(env: SettingsEnvironment, names: readonly string[]): Reader<Name> {
  const isUnresolved = (name: string) => UNRESOLVED.test(env[name] ?? '');
  const problems = names.filter(isUnresolved).map((name) => `${name} ${UNRESOLVED_PROBLEM}`);
  const read = <T>(name: Name, check: Check<T>): T | undefined => {
    const text = env[name]?.trim();
    if (!text || isUnresolved(name)) return undefined;
    const checked = check(text);
    if ('value' in checked) return checked.value;
    problems.push(`${name} ${checked.problem}`);
    return undefined;
  };
  const isMissing = (name: Name) => !env[name]?.trim();
  const need = <T>(name: Name, form: string, check: Check<T>, why = ''): T | undefined => {
    if (isMissing(name)) problems.push(`${name} is missing${why}: set it to ${form}`);
    return read(name, check);
  };
  return { read, need, isMissing, problems };
}
