import type http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { FunctionsHostProcess } from '../local/standIns';
import { floodBodies, p95, postBytes, startFlood } from '../tests/support/flood';
import { exact, type Measured, type Part } from './figures';
import { BENCH_RING, notificationBody, withWebhookBed } from './testBed';

/** Posts of Graph in each measurement, and how often each body is posted alone. */
const POSTS = 60;
const ALONE = 9;
const PAUSE_MS = 20;

/** Prints on SIGUSR2 how long the event loop was held at most since the last signal. */
const PRINT_DELAY = `
  import { monitorEventLoopDelay } from 'node:perf_hooks';
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  process.on('SIGUSR2', () => { console.log('loopMs ' + histogram.max / 1e6); histogram.reset(); });
`;

/** The webhook while strangers post the bodies that cost most, in the host that also runs the built app. */
export const flood: Part = {
  title: 'the webhook under a flood',
  figures: {
    flood_ack_p95: {
      what: "p95 of Graph's posts beside 12 senders of the worst body, 8 MB/s in all, against their p95 without",
      unit: 'ratio',
      bar: 5,
    },
    flood_ack_ms: { what: 'the same p95', unit: 'ms', bar: 3_000 },
    flood_loop_ms: { what: 'how long one of these bodies holds the event loop at most', unit: 'ms', bar: 50 },
  },
  measure({ root, isWanted }) {
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(PRINT_DELAY)}` };
    return withWebhookBed(root, env, async ({ host, agent }) => {
      const url = `${host.url}/api/notifications`;
      const bodies = Object.entries(floodBodies(BENCH_RING[0].keyId));
      await timePosts(agent, url);
      for (const [, body] of bodies) await postBytes(agent, url, body);
      return {
        ...(isWanted('flood_loop_ms') ? { flood_loop_ms: await measureLoop(host, agent, url, bodies) } : {}),
        ...(isWanted('flood_ack_p95') || isWanted('flood_ack_ms') ? await measurePosts(agent, url, bodies) : {}),
      };
    });
  },
};

type Bodies = readonly (readonly [string, Buffer])[];

/** The body with the longest median. A single delay may be one of the machine. */
async function measureLoop(host: FunctionsHostProcess, agent: http.Agent, url: string, bodies: Bodies) {
  const held: { name: string; low: number; median: number; high: number }[] = [];
  for (const [name, body] of bodies) {
    const delays: number[] = [];
    for (let count = 0; count < ALONE; count += 1) {
      await takeDelay(host);
      await postBytes(agent, url, body);
      delays.push(await takeDelay(host));
    }
    delays.sort((a, b) => a - b);
    const at = (index: number) => delays[index] ?? NaN;
    held.push({ name, low: at(1), median: at((ALONE - 1) / 2), high: at(ALONE - 2) });
  }
  const worst = held.reduce((a, b) => (b.median > a.median ? b : a));
  const details = held.map(({ name, median }) => `${name}: ${median.toFixed(1)} ms`);
  return { value: worst.median, low: worst.low, high: worst.high, details };
}

async function takeDelay(host: FunctionsHostProcess): Promise<number> {
  const printed = () => host.lines().flatMap((line) => /loopMs ([\d.]+)/.exec(line)?.[1] ?? []);
  const before = printed().length;
  process.kill(host.pid, 'SIGUSR2');
  while (printed().length === before) await delay(5);
  return Number(printed().at(-1));
}

async function measurePosts(agent: http.Agent, url: string, bodies: Bodies): Promise<Record<string, Measured>> {
  const details: string[] = [];
  const worst = { ratio: 0, ms: 0 };
  let before = await timePosts(agent, url);
  for (const [name, body] of bodies) {
    const senders = startFlood(url, body);
    const during = await timePosts(agent, url);
    const { answers } = await senders.stop();
    const after = await timePosts(agent, url);
    const quiet = p95([...before, ...after]);
    before = after;
    const flooded = p95(during);
    worst.ratio = Math.max(worst.ratio, flooded / quiet);
    worst.ms = Math.max(worst.ms, flooded);
    details.push(`${name}: ${flooded.toFixed(1)} ms, without ${quiet.toFixed(1)} ms; ${JSON.stringify(answers)}`);
  }
  return { flood_ack_p95: exact(worst.ratio, details), flood_ack_ms: exact(worst.ms) };
}

/** Milliseconds of each post of one notification, as Graph sends them. */
async function timePosts(agent: http.Agent, url: string): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < POSTS; count += 1) {
    const body = notificationBody(1);
    const startedAt = performance.now();
    const status = await postBytes(agent, url, body);
    if (status !== 202) throw new Error(`A post of Graph was answered with ${status}`);
    times.push(performance.now() - startedAt);
    await delay(PAUSE_MS);
  }
  return times;
}
