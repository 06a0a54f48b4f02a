import { EventEmitter } from 'node:events';
import { createStopList, stopOnSignals, type SignalSource } from '../../local/stopList';

function signalSource(env: Record<string, string> = {}): SignalSource & {
  ppid: number;
  emit(signal: string): unknown;
  exits: number[];
  listenerCount(): number;
} {
  const emitter = new EventEmitter();
  const exits: number[] = [];
  return {
    on: (signal, listener) => emitter.on(signal, () => listener(signal)),
    off: (signal) => emitter.removeAllListeners(signal),
    exit: (code) => exits.push(code),
    emit: (signal) => emitter.emit(signal),
    listenerCount: () => emitter.listenerCount('SIGTERM'),
    exits,
    ppid: 1000,
    env,
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

// 128 + the signal's number is what a shell reports of a program that a signal ended.
test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])('%s stops all, then exits with %i', async (signal, code) => {
  const source = signalSource();
  const order: string[] = [];
  const { signal: interrupted } = stopOnSignals(
    { stop: () => Promise.resolve(void order.push('stop')) },
    { source, say: (text) => order.push(text) },
  );
  expect(interrupted.aborted).toBe(false);
  source.emit(signal);
  expect(interrupted.aborted).toBe(true);
  await settled();
  expect(order).toEqual(['stop', 'Stopped.']);
  expect(source.exits).toEqual([code]);
});

test('a second signal exits at once, and the same one by way of npm does not', () => {
  const source = signalSource();
  let now = 0;
  stopOnSignals({ stop: () => new Promise(() => undefined) }, { source, now: () => now });
  source.emit('SIGINT');
  now = 20;
  source.emit('SIGINT');
  expect(source.exits).toEqual([]);
  now = 1_000;
  source.emit('SIGINT');
  expect(source.exits).toEqual([130]);
});

test('a stop that fails is reported and exits with 1', async () => {
  const source = signalSource();
  const reported: string[] = [];
  const report = (text: string) => reported.push(text);
  stopOnSignals({ stop: () => Promise.reject(new Error('held fast')) }, { source, report });
  source.emit('SIGTERM');
  await settled();
  expect([source.exits, reported]).toEqual([[1], ['held fast']]);
});

test.each([
  ['with npm', { npm_lifecycle_event: 'start' }, [129]],
  ['not with another parent, such as a shell that started it with nohup', {}, []],
])('it stops when its parent is gone: %s', async (_name, env, exits) => {
  jest.useFakeTimers();
  try {
    const source = signalSource(env);
    const interruption = stopOnSignals({ stop: () => Promise.resolve() }, { source, say: () => undefined });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(source.exits).toEqual([]);
    source.ppid = 1;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(source.exits).toEqual(exits);
    interruption.ignore();
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

test('the listeners can be taken away', () => {
  const source = signalSource();
  stopOnSignals({ stop: () => Promise.resolve() }, { source }).ignore();
  expect(source.listenerCount()).toBe(0);
});

test('a stop list stops the last first, all of them, once, and tells of every failure', async () => {
  const order: string[] = [];
  const list = createStopList();
  const stop = (name: string, fails = false) =>
    list.add(() => {
      order.push(name);
      return fails ? Promise.reject(new Error(name)) : Promise.resolve();
    });
  await stop('storage', true);
  await stop('simulator');
  await stop('host', true);
  await expect(list.stop()).rejects.toMatchObject({ errors: [new Error('host'), new Error('storage')] });
  await expect(list.stop()).rejects.toThrow(AggregateError);
  expect(order).toEqual(['host', 'simulator', 'storage']);
});

test('what is started after stopping began is stopped at once and ends the start', async () => {
  const list = createStopList();
  await list.stop();
  const late = jest.fn(() => Promise.resolve());
  await expect(list.add(late)).rejects.toThrow('Stopped while starting');
  expect(late).toHaveBeenCalledTimes(1);
});
