import { useCallback, useEffect, useReducer, useState } from 'preact/hooks';
import { applyEvent, type ConsoleView } from './consoleView';
import { followStream, type Connection } from './eventStream';

/** Follows the stream for as long as the page is open. */
export function useStream(token: string): { readonly view: ConsoleView; readonly connection: Connection } {
  const [view, onEvent] = useReducer(applyEvent, { jobs: [] });
  const [connection, onConnection] = useState<Connection>('connecting');
  useEffect(() => {
    const leave = new AbortController();
    const parts = { fetch: (...call: Parameters<typeof fetch>) => fetch(...call), token, wait, onEvent, onConnection };
    void followStream(parts, leave.signal);
    return () => leave.abort();
  }, [token]);
  return { view, connection };
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}

/** An action of a button: whether it runs, and why it failed last. */
export interface Action<Args extends unknown[]> {
  readonly isBusy: boolean;
  readonly error: string;
  /** @returns whether it succeeded */
  run(...args: Args): Promise<boolean>;
}

/** Runs `act` once at a time and keeps its error to be shown near the button. */
export function useAction<Args extends unknown[]>(act: (...args: Args) => Promise<unknown>): Action<Args> {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const run = async (...args: Args) => {
    if (isBusy) return false;
    setBusy(true);
    setError('');
    try {
      await act(...args);
      return true;
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, error, run };
}

/** The time, each second. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** True for a moment after `show`, to confirm what has no other visible effect. */
export function useConfirmation(): readonly [isShown: boolean, show: () => void] {
  const [count, setCount] = useState(0);
  const [shown, setShown] = useState(0);
  useEffect(() => {
    if (count === 0) return;
    setShown(count);
    const timer = setTimeout(() => setShown(0), 2_500);
    return () => clearTimeout(timer);
  }, [count]);
  return [shown > 0, useCallback(() => setCount((before) => before + 1), [])];
}
