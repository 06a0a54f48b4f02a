/** What a program needs to run at all. Settings in the caller's shell must not leak into a local cloud. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'USERPROFILE', 'LANG'];

/** The part of an environment that every child gets, whatever else it is given. */
export function baseEnvironment(from: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = from[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
