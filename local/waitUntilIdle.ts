import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

interface IdleOptions {
  readonly url: string;
  readonly functionKey: string | undefined;
  readonly timeoutMs: number | undefined;
}

/**
 * Asks a functions host until no invocation is under way; true when none was at the first look. Throws after `timeoutMs`
 * (10,000).
 */
export async function waitUntilIdle({ url, functionKey, timeoutMs = 10_000 }: IdleOptions): Promise<boolean> {
  let running: unknown;
  for (let waited = 0; waited <= timeoutMs; waited += POLL_MS) {
    running = await countRunning(url, functionKey);
    if (running === 0) return waited === 0;
    await sleep(POLL_MS);
  }
  throw new Error(
    `The functions host at ${url} still ran ${String(running)} invocations after ${timeoutMs} ms.`,
  );
}

async function countRunning(url: string, functionKey: string | undefined): Promise<unknown> {
  const answer = await fetch(`${url}/admin/host/status`, {
    headers: functionKey === undefined ? {} : { 'x-functions-key': functionKey },
  });
  const body: unknown = await answer.json();
  if (typeof body === 'object' && body !== null && 'running' in body) return body.running;
  throw new Error(`${url}/admin/host/status answered ${answer.status} without "running".`);
}
