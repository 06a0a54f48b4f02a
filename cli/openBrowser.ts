import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Opens an address in the browser of the person at this machine: with the program in the variable BROWSER, as xdg-open does,
 * else as the system does. Calls `onFailure` at most once when that fails, which may be seconds later. Never throws.
 */
export async function openBrowser(
  address: string,
  onFailure: () => void,
  program = process.env['BROWSER'],
): Promise<void> {
  let failed = false;
  const fail = () => {
    if (!failed) onFailure();
    failed = true;
  };
  try {
    const child = program ? start(program, address) : await startDefault(address);
    child.once('error', fail);
    child.once('exit', (code) => {
      if (code !== 0 && code !== null) fail();
    });
  } catch {
    fail();
  }
}

/** Detached, because a browser may outlive the command. */
function start(program: string, address: string): ChildProcess {
  const child = spawn(program, [address], { stdio: 'ignore', detached: true });
  child.unref();
  return child;
}

async function startDefault(address: string): Promise<ChildProcess> {
  const { default: open } = await import('open');
  return open(address);
}
