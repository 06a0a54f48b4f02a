import { closeSync, openSync, rmSync, writeSync } from 'node:fs';

/** The hand on the clock of every process that was started with local/clock.cjs and this file. */
export interface ClockFile {
  readonly path: string;
  /** Moves the time of all of them forward by `ms` (back when negative), at once. */
  move(ms: number): void;
  /** How far they are ahead of the real time, in milliseconds. */
  offset(): number;
  /** Deletes the file; processes still running are back on real time. */
  remove(): void;
}

/** Makes the file at `path` (its folder must exist) with no shift. Throws the file system's error. */
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
