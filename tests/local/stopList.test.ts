import { EventEmitter } from 'node:events';
import { createStopList, stopOnSignals, type SignalSource } from '../../local/stopList';

function signalSource(): SignalSource & {
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
  stopOnSignals({ stop: () => Promise.resolve(void order.push('stopped')) }, source);
  source.emit(signal);
  await settled();
  expect(order).toEqual(['stopped']);
  expect(source.exits).toEqual([code]);
});

test('a second signal exits at once', () => {
  const source = signalSource();
  stopOnSignals({ stop: () => new Promise(() => undefined) }, source);
  source.emit('SIGINT');
  expect(source.exits).toEqual([]);
  source.emit('SIGINT');
  expect(source.exits).toEqual([130]);
});

test('a stop that fails is reported and exits with 1', async () => {
  const source = signalSource();
  const reported: string[] = [];
  stopOnSignals({ stop: () => Promise.reject(new Error('held fast')) }, source, (text) => reported.push(text));
  source.emit('SIGTERM');
  await settled();
  expect([source.exits, reported]).toEqual([[1], ['held fast']]);
});

test('the listeners can be taken away', () => {
  const source = signalSource();
  stopOnSignals({ stop: () => Promise.resolve() }, source)();
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
