import { createAppProcess, type AppProcessDeps, type AppState } from '../../../local/console/appProcess';
import { eventually } from '../../support/eventually';

type Host = AppProcessDeps['cloud']['hosts'][number];

/** A local cloud whose app ends and starts without a process. */
function start() {
  const states: AppState[] = [];
  const errors: unknown[] = [];
  const started: unknown[] = [];
  const behaviour = { fails: false };
  const ends: (() => void)[] = [];
  const newHost = () => {
    let end = () => undefined as void;
    const exited = new Promise<{ code: null; signal: 'SIGKILL' }>((resolve) => {
      end = () => resolve({ code: null, signal: 'SIGKILL' });
    });
    ends.push(end);
    const kill = () => {
      end();
      return exited;
    };
    return { url: 'http://127.0.0.1:7071', exited, kill } as unknown as Host; // What an app process uses of a host.
  };
  const hosts = [newHost()];
  const app = createAppProcess({
    cloud: {
      hosts,
      async restartHost(_index, settings) {
        started.push(settings);
        await hosts[0]?.kill();
        if (behaviour.fails) throw new Error('wrong settings');
        const host = newHost();
        hosts[0] = host;
        return host;
      },
    },
    settings: { A: '1' },
    onHost: () => undefined,
    onState: (state) => states.push(state),
    onError: (error) => errors.push(error),
  });
  const untilState = (state: AppState) =>
    eventually(state, () => Promise.resolve(app.state() === state ? true : undefined));
  return { app, states, errors, started, behaviour, untilState, endByItself: () => ends.at(-1)?.() };
}

it('is down when it is killed, and runs again with the settings of before', async () => {
  const { app, states, started, untilState } = start();
  expect(await app.kill(10)).toBe(true);
  expect(await app.kill(10)).toBe(false);
  await untilState('running');
  expect(states).toEqual(['down', 'restarting', 'running']);
  expect(started).toEqual([{ A: '1' }]);
});

it('starts with new settings from then on', async () => {
  const { app, started, untilState } = start();
  await app.restart({ A: '2' });
  await app.kill(1);
  await untilState('running');
  expect(started).toEqual([{ A: '2' }, { A: '2' }]);
});

it('restarts after the kill in progress, one change at a time', async () => {
  const { app, states } = start();
  await app.kill(5);
  await app.restart({ A: '2' });
  expect(states).toEqual(['down', 'restarting', 'running', 'restarting', 'running']);
});

it('says that it cannot start, and can be corrected', async () => {
  const { app, errors, behaviour, untilState } = start();
  behaviour.fails = true;
  await app.kill(1);
  await eventually('the error', () => Promise.resolve(errors[0]));
  expect(app.state()).toBe('down');
  await expect(app.restart({})).rejects.toThrow('wrong settings');
  behaviour.fails = false;
  await app.restart({});
  await untilState('running');
});

it('notices that it has ended by itself', async () => {
  const { endByItself, untilState } = start();
  endByItself();
  await untilState('down');
});

it('does not start again while everything stops', async () => {
  const { app, started, errors } = start();
  await app.kill(60_000);
  await app.stop();
  expect([started, errors]).toEqual([[], []]);
});
