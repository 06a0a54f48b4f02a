import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Moves the clock of every process that preloads local/clock.cjs with this file. */
export interface ClockFile {
  readonly path: string;
  /** Moves their time forward by `ms` (back if negative), at once. */
  move(ms: number): void;
  /** How far they are ahead of real time, in milliseconds. */
  offset(): number;
  /** Deletes the file. Processes still running return to real time. */
  remove(): void;
}

/** Creates the file at `path` (its folder must exist) without a shift. Throws the file system's error. */
export function createClockFile(path: string): ClockFile {
  const file = openSync(path, 'w');
  const bytes = Buffer.alloc(8);
  let offset = 0;
  let removed = false;

  function set(ms: number): void {
    if (removed) throw new Error(`The clock file ${path} has been removed: create a new one to move time.`);
    offset = ms;
    bytes.writeDoubleLE(ms);
    writeSync(file, bytes, 0, 8, 0);
  }

  set(0);
  return {
    path,
    move: (ms) => set(offset + ms),
    offset: () => offset,
    remove() {
      if (removed) return;
      set(0);
      removed = true;
      closeSync(file);
      rmSync(path, { force: true });
    },
  };
}

/**
 * `env` with what puts a Node program on the clock file: Node reads the preload from NODE_OPTIONS, after those that `env`
 * has already. Unchanged without a file.
 */
export function onClock(
  root: string,
  clockFile: string | undefined,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  if (clockFile === undefined) return { ...env };
  const preload = `--require ${JSON.stringify(join(root, 'local', 'clock.cjs'))}`;
  return { ...env, CLOCK_FILE: clockFile, NODE_OPTIONS: [env['NODE_OPTIONS'], preload].filter(Boolean).join(' ') };
}
