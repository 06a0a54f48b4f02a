/**
 * `npm start` and `npm run demo`: builds, then runs the program of local/ that the argument names, in this same process. No
 * shell may stand between npm and the program: a shell that waits keeps a SIGINT of npm to itself, and dies of a SIGTERM alone.
 * So the scripts in package.json say `exec`. The shell of Windows has no `exec`, and runs exec.cmd of this folder. npm adds the
 * words after `--` at the end, as in `npm start -- --empty`.
 */
const [name] = process.argv.slice(2);
await import('./build.mjs');
await import(`../dist/local/${name}.mjs`);
