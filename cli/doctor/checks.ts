import { eachBounded } from '../../shared/concurrency';
import { errorLines } from '../output';

/** What one check has found. */
export interface Finding {
  /** What was tried, such as `queue print-archive`. */
  check: string;
  state: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was seen, one sentence without its full stop. */
  seen: string;
  /** Commands that correct it, in their order: of a shell, or of this program without its name. */
  remedies?: readonly string[];
}

/** A check that has not run yet. */
export interface Check {
  name: string;
  run: () => Promise<readonly Finding[]>;
}

export interface RunDeps {
  /** Resolves after so many milliseconds; rejects when the signal is aborted before. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Called after each check, with the number of those that have ended. */
  onProgress: (done: number, of: number, name: string) => void;
}

/** A few connections to each service. */
const CHECKS_AT_ONCE = 8;
/** Above the 15 s of a call to storage and the 10 s of a request to the app. A customer has up to seven calls to Graph. */
const CHECK_LIMIT_MS = 60_000;

/**
 * Runs checks side by side. The findings are in the order of the checks. A check that throws has failed, and so has one that
 * takes longer than a minute: its work is abandoned, because it changes nothing.
 *
 * @param interruption aborted: no further check starts, and those that have not run are `skipped`
 */
export async function runChecks(
  deps: RunDeps,
  checks: readonly Check[],
  interruption: AbortSignal,
): Promise<Finding[]> {
  const found = new Map<Check, readonly Finding[]>();
  let done = 0;
  await eachBounded(CHECKS_AT_ONCE, checks, async (check) => {
    if (interruption.aborted) return;
    found.set(check, await runOne(deps, check));
    done += 1;
    deps.onProgress(done, checks.length, check.name);
  });
  return checks.flatMap(
    (check) => found.get(check) ?? [{ check: check.name, state: 'skipped' as const, seen: 'interrupted' }],
  );
}

async function runOne({ sleep }: RunDeps, { name, run }: Check): Promise<readonly Finding[]> {
  const ended = new AbortController();
  const timeUp = sleep(CHECK_LIMIT_MS, ended.signal).then(() => [
    {
      ...{ check: name, state: 'failed' as const, seen: `No result within ${CHECK_LIMIT_MS / 1_000} s` },
      remedies: ['doctor --verbose'],
    },
  ]);
  // Rejects when the check was quicker.
  timeUp.catch(() => undefined);
  try {
    return await Promise.race([run(), timeUp]);
  } catch (error) {
    return [{ check: name, state: 'failed', seen: errorLines(error).join(' ').replace(/\.$/, '') }];
  } finally {
    ended.abort();
  }
}
