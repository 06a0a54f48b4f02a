/**
 * Preloaded with `node --require`: shifts what Date calls now by the milliseconds kept in the file CLOCK_FILE names,
 * so that days pass in seconds and the program cannot know. No CLOCK_FILE, no such file: no shift.
 *
 * The file (a little-endian float64) is read on every use, about 1 microsecond, so that every process that has it
 * sees a move at once. Timers, process.hrtime and performance.now keep real time.
 */
'use strict';

const { existsSync, openSync, readSync } = require('node:fs');

const RealDate = Date;
const realNow = RealDate.now;
const path = process.env.CLOCK_FILE;
const bytes = Buffer.alloc(8);
let file;

/** @returns {number} milliseconds to add to the real time */
function offset() {
  if (file === undefined) {
    if (!existsSync(path)) return 0;
    file = openSync(path, 'r');
  }
  return readSync(file, bytes, 0, 8, 0) === 8 ? bytes.readDoubleLE(0) : 0;
}

if (path) {
  const now = () => Math.trunc(realNow() + offset());
  Object.defineProperty(now, 'name', { value: 'now' });

  // A proxy, not a subclass: name, length, parse, UTC and the prototype stay the very same, and a Date made before
  // this file was loaded is still an instance.
  const ShiftedDate = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, values, newTarget) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget),
  });
  RealDate.now = now;
  Object.defineProperty(RealDate.prototype, 'constructor', { value: ShiftedDate });
  globalThis.Date = ShiftedDate;
}
