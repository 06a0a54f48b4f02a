import { SENDS_AT_ONCE, sendAll } from '../../../shared/webhook/receive';

const failing = (text: string) => () => Promise.reject(new Error(text));
const stored = () => Promise.resolve();
const silent = () => new Promise<void>(() => undefined);

it('runs every send, also after another has failed, and keeps the first failure', async () => {
  const { signal } = new AbortController();
  const result = await sendAll([stored, failing('first'), stored, failing('second')], signal);
  expect(result).toEqual({ stored: 2, failure: new Error('first') });
});

it('has nothing to do without sends', async () => {
  expect(await sendAll([], new AbortController().signal)).toEqual({ stored: 0 });
});

it('starts a hundred at once, and of thousands no more than its bound', async () => {
  for (const [length, most] of [
    [100, 100],
    [2_000, SENDS_AT_ONCE],
  ] as const) {
    let running = 0;
    let peak = 0;
    const send = async () => {
      running += 1;
      peak = Math.max(peak, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const result = await sendAll(
      Array.from({ length }, () => send),
      new AbortController().signal,
    );
    expect({ peak, result }).toEqual({ peak: most, result: { stored: length } });
  }
});

it('ends with what is stored when the signal is aborted, and starts nothing after that', async () => {
  const controller = new AbortController();
  const reason = new Error('time is up');
  let started = 0;
  const stalled = () => {
    started += 1;
    return silent();
  };
  const result = sendAll([stored, ...Array.from({ length: 500 }, () => stalled)], controller.signal);
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort(reason);
  expect(await result).toEqual({ stored: 1, failure: reason });
  expect(started).toBe(SENDS_AT_ONCE);
  expect(await sendAll([stored], controller.signal)).toEqual({ stored: 0, failure: reason });
});
