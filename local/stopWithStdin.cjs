/**
 * Preloaded with `node --require` into a program that does not watch its standard input (Azurite): asks it to end when
 * the pipe that its parent holds closes, so that it cannot outlive a parent that was killed.
 */
'use strict';

process.stdin.on('error', () => undefined);
process.stdin.once('close', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.resume();
process.stdin.unref?.();
