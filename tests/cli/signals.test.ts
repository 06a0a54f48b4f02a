import { EventEmitter } from 'node:events';
import { listenToSignals } from '../../cli/signals';

function createSignals() {
  const source = new EventEmitter();
  const said: (string | number)[] = [];
  let now = 0;
  const signals = listenToSignals({
    source,
    now: () => now,
    exit: (code) => said.push(code),
    report: (line) => said.push(line),
  });
  const signal = (name: NodeJS.Signals, after = 0) => {
    now += after;
    source.emit(name, name);
  };
  return { signals, said, signal };
}

describe('signals (exit codes 128 + number, as POSIX shells report them: SIGHUP 1, SIGINT 2, SIGTERM 15)', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends a verb without a safe point at once, with one line', (name, code) => {
    const { said, signal } = createSignals();
    signal(name);
    expect(said).toEqual(['Stopped.', code]);
  });

  it('lets a verb end at its safe point, and keeps the exit code for then', () => {
    const { signals, said, signal } = createSignals();
    const interrupted = signals.interruption();
    expect({ aborted: interrupted.aborted, code: signals.exitCode() }).toEqual({ aborted: false, code: undefined });
    signal('SIGTERM');
    expect({ aborted: interrupted.aborted, code: signals.exitCode(), said }).toEqual({
      aborted: true,
      code: 143,
      said: [],
    });
  });

  it('takes copies of one Ctrl-C, from the terminal, npm and run.cjs, as one, and a second Ctrl-C ends at once', () => {
    const { signals, said, signal } = createSignals();
    signals.interruption();
    signal('SIGINT');
    signal('SIGINT', 5);
    signal('SIGINT', 200);
    expect(said).toEqual([]);
    signal('SIGINT', 200);
    expect(said).toEqual([130]);
  });
});
