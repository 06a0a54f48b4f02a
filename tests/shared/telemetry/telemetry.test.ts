import type { Measurement } from '../../../shared/telemetry/catalogue';
import type { Exporter } from '../../../shared/telemetry/exporter';
import type { EndedSpan } from '../../../shared/telemetry/spans';
import { createTelemetry, MOST_KEPT, type TelemetryDeps } from '../../../shared/telemetry/telemetry';
import { createCapturedLogger } from '../../support/createCapturedLogger';

const ON = { APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=x' };
const accepted = (value: number): Measurement => ({
  metric: 'upr.notifications.accepted',
  value,
  dimensions: { route: 'receiveNotifications' },
});
const span = (name: string): EndedSpan => ({
  name,
  kind: 'consumer',
  ids: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' },
  startedAt: 1,
  endedAt: 2,
  attributes: {},
  isFailed: false,
});

/** An exporter that keeps what it receives, and the time of its deps. */
function createWorld() {
  const measured: Measurement[] = [];
  const traced: EndedSpan[] = [];
  let now = 0;
  let report: (reason: string) => void = () => undefined;
  const flush = jest.fn(() => Promise.resolve());
  const exporter: Exporter = {
    measure: (measurement) => void measured.push(measurement),
    trace: (spans) => void traced.push(...spans),
    flush,
  };
  const openExporter = jest.fn<Promise<Exporter | undefined>, Parameters<TelemetryDeps['openExporter']>>(
    (_env, onFailure) => {
      report = onFailure;
      return Promise.resolve(exporter);
    },
  );
  return {
    ...{ measured, traced, flush, openExporter },
    deps: { openExporter, now: () => now },
    fail: (reason: string) => report(reason),
    pass: (ms: number) => (now += ms),
  };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('without a connection string', () => {
  it.each([{}, { APPLICATIONINSIGHTS_CONNECTION_STRING: '' }])('nothing is loaded or kept: %p', async (env) => {
    const { deps, openExporter } = createWorld();
    const telemetry = createTelemetry(env, deps);
    const logger = createCapturedLogger();
    telemetry.measure(accepted(1));
    telemetry.trace([span('a')]);
    telemetry.invocationEnded(logger);
    await jest.advanceTimersByTimeAsync(60_000);
    await telemetry.flush();
    expect(telemetry.isOn).toBe(false);
    expect(openExporter).not.toHaveBeenCalled();
    expect(logger.events).toEqual([]);
    // All environments without telemetry share one object, which cannot hold anything of theirs.
    expect(createTelemetry({}, deps)).toBe(telemetry);
  });
});

describe('with a connection string', () => {
  it('the exporter is loaded once, after the first invocation has ended', async () => {
    const { deps, openExporter } = createWorld();
    const telemetry = createTelemetry(ON, deps);
    telemetry.measure(accepted(1));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(openExporter).not.toHaveBeenCalled();
    telemetry.invocationEnded(createCapturedLogger());
    expect(openExporter).not.toHaveBeenCalled();
    telemetry.invocationEnded(createCapturedLogger());
    await jest.advanceTimersByTimeAsync(60_000);
    expect(openExporter).toHaveBeenCalledTimes(1);
  });

  it('what happened before is handed over in its order, and what follows directly', async () => {
    const { deps, measured, traced } = createWorld();
    const telemetry = createTelemetry(ON, deps);
    telemetry.measure(accepted(1));
    telemetry.trace([span('a'), span('b')]);
    telemetry.invocationEnded(createCapturedLogger());
    telemetry.measure(accepted(2));
    await jest.advanceTimersByTimeAsync(60_000);
    telemetry.measure(accepted(3));
    telemetry.trace([span('c')]);
    expect(measured).toEqual([accepted(1), accepted(2), accepted(3)]);
    expect(traced.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('what is kept before is bounded', async () => {
    const { deps, measured, traced } = createWorld();
    const telemetry = createTelemetry(ON, deps);
    for (let value = 0; value < MOST_KEPT.measurements + 500; value += 1) telemetry.measure(accepted(value));
    for (let count = 0; count < MOST_KEPT.spans; count += 1) telemetry.trace([span('a'), span('b'), span('c')]);
    await telemetry.flush();
    expect(measured).toHaveLength(MOST_KEPT.measurements);
    expect(traced).toHaveLength(MOST_KEPT.spans);
  });

  it('a flush before the first invocation has ended exports what is kept', async () => {
    const { deps, measured, flush } = createWorld();
    const telemetry = createTelemetry(ON, deps);
    telemetry.measure(accepted(1));
    await telemetry.flush();
    expect(measured).toEqual([accepted(1)]);
    expect(flush).toHaveBeenCalledTimes(1);
  });

  // WorkerConstants.WorkerTerminateGracePeriodInSeconds of the host: 5 s.
  it('a flush ends within 5 s, although the endpoint never answers', async () => {
    const { deps, flush } = createWorld();
    flush.mockReturnValue(new Promise(() => undefined));
    const flushed = createTelemetry(ON, deps).flush();
    await jest.advanceTimersByTimeAsync(4_999);
    await expect(flushed).resolves.toBeUndefined();
  });

  it('a flush that fails rejects nothing', async () => {
    const { deps, flush } = createWorld();
    flush.mockRejectedValue(new Error('secret'));
    await expect(createTelemetry(ON, deps).flush()).resolves.toBeUndefined();
  });

  it('a failing endpoint is logged by the next invocation, at most once an hour', async () => {
    const { deps, fail, pass } = createWorld();
    const telemetry = createTelemetry(ON, deps);
    const logger = createCapturedLogger();
    telemetry.invocationEnded(logger);
    await jest.advanceTimersByTimeAsync(60_000);
    for (let minute = 0; minute < 119; minute += 1) {
      fail('503');
      pass(60_000);
      telemetry.invocationEnded(logger);
    }
    expect(logger.events).toEqual([
      { level: 'warn', event: 'telemetry.notExported', reason: '503' },
      { level: 'warn', event: 'telemetry.notExported', reason: '503' },
    ]);
  });

  it('an exporter whose host is not trusted is not opened, and the log says why once', async () => {
    const { deps, openExporter, measured, traced, pass } = createWorld();
    openExporter.mockImplementation((_env, onFailure) => {
      onFailure('untrustedHost');
      return Promise.resolve(undefined);
    });
    const telemetry = createTelemetry(ON, deps);
    const logger = createCapturedLogger();
    telemetry.measure(accepted(1));
    telemetry.trace([span('a')]);
    for (let hour = 0; hour < 3; hour += 1) {
      telemetry.invocationEnded(logger);
      await jest.advanceTimersByTimeAsync(60_000);
      pass(60 * 60_000);
    }
    await telemetry.flush();
    expect(openExporter).toHaveBeenCalledTimes(1);
    expect({ measured, traced }).toEqual({ measured: [], traced: [] });
    expect(logger.events).toEqual([{ level: 'warn', event: 'telemetry.notExported', reason: 'untrustedHost' }]);
  });

  it('an exporter that cannot be opened costs nothing but a log line without a value', async () => {
    const { deps, openExporter, measured } = createWorld();
    openExporter.mockRejectedValue(new Error('Invalid: secret'));
    const telemetry = createTelemetry(ON, deps);
    const logger = createCapturedLogger();
    telemetry.measure(accepted(1));
    telemetry.invocationEnded(logger);
    await jest.advanceTimersByTimeAsync(60_000);
    telemetry.measure(accepted(2));
    telemetry.invocationEnded(logger);
    await telemetry.flush();
    expect(openExporter).toHaveBeenCalledTimes(1);
    expect(measured).toEqual([]);
    expect(logger.events).toEqual([{ level: 'warn', event: 'telemetry.notExported', reason: 'exporterNotOpened' }]);
  });
});
