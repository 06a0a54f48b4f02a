import type { CliIo } from '../../cli/context';
import { createCliWorld } from '../support/createCliWorld';
import { TENANT } from '../support/createSubscriptionWorld';

/** A verb that waits for its tables for `seconds`, with a tick each second. */
async function runFor(seconds: number, changes: Partial<CliIo> = {}) {
  let tick: () => void = () => undefined;
  let isStopped = false;
  let now = 0;
  const said: string[] = [];
  const world = createCliWorld(
    {
      ...changes,
      now: () => now,
      stderr: (text) => void said.push(text),
      every: (_ms, run) => {
        tick = run;
        return () => (isStopped = true);
      },
    },
    (services) => ({
      ...services,
      tenants: async () => {
        for (let second = 1; second <= seconds; second += 1) {
          now += 1_000;
          tick();
        }
        return services.tenants();
      },
    }),
  );
  const { code } = await world.run('tenants', 'list');
  expect({ code, isStopped }).toEqual({ code: 0, isStopped: true });
  return said.join('');
}

it('says nothing within two seconds', async () => {
  expect(await runFor(1)).toBe('');
});

it('says in a pipe that the verb works and with what, more and more rarely', async () => {
  const lines = (await runFor(20)).trimEnd().split('\n');
  expect(lines).toEqual([2, 3, 5, 9, 17].map((seconds) => `Working for ${seconds} s, last with Table storage.`));
});

it('writes one line over and over on a screen, and clears it', async () => {
  const said = await runFor(4, { screens: { stderr: { columns: 80, isColored: false } } });
  expect(said.match(/Working for/g)).toHaveLength(3);
  expect(said).not.toContain('\n');
  expect(said).toMatch(/\r\u001b\[K$/);
});

it('is silent while a question waits for its answer', async () => {
  const said: string[] = [];
  let tick: () => void = () => undefined;
  let isRunning = true;
  const world = createCliWorld({
    stderr: (text) => void said.push(text),
    every: (_ms, run) => {
      tick = () => (isRunning ? run() : undefined);
      return () => (isRunning = false);
    },
    confirm: () => {
      for (let second = 0; second < 10; second += 1) tick();
      return Promise.resolve(false);
    },
  });
  await world.addTenant();
  await world.run('tenants', 'remove', TENANT, '--force');
  expect(said.join('')).not.toContain('Working');
});
