import type { Logger } from '../logger';
import type { Measure, Measurement } from './catalogue';
import type { Exporter } from './exporter';
import type { EndedSpan } from './spans';

/** What this process measures and traces. No member throws or rejects. */
export interface Telemetry {
  /** Whether anything is exported: only with APPLICATIONINSIGHTS_CONNECTION_STRING. */
  readonly isOn: boolean;
  measure: Measure;
  /** Takes spans that have ended. */
  trace(spans: readonly EndedSpan[]): void;
  /** At the end of each invocation. The first one has the exporter loaded, and failures of the exporter are logged. */
  invocationEnded(logger: Logger): void;
  /** Exports everything measured so far, within 3 s. */
  flush(): Promise<void>;
}

type TelemetryEnvironment = Record<string, string | undefined>;

export interface TelemetryDeps {
  /** Opens the exporter, unless its host is not trusted. `onFailure` takes why nothing was sent: a status or a code. */
  openExporter: (env: TelemetryEnvironment, onFailure: (reason: string) => void) => Promise<Exporter | undefined>;
  /** Milliseconds that never go back. */
  now: () => number;
}

/** The exporter is loaded after the first answer. Until then this much is kept, and what follows is dropped. */
export const MOST_KEPT = { measurements: 2_000, spans: 500 };

/** Loading blocks the event loop for some 100 ms. By then the first burst of notifications has been answered. */
const LOAD_AFTER_MS = 1_000;

/** The host kills a worker 5 s after it has asked it to end (WorkerTerminateGracePeriodInSeconds). */
const FLUSH_WITHIN_MS = 3_000;

/** An endpoint that is down fails once a minute. */
const REPORT_EVERY_MS = 60 * 60_000;

const OFF: Telemetry = {
  isOn: false,
  measure: () => undefined,
  trace: () => undefined,
  invocationEnded: () => undefined,
  flush: () => Promise.resolve(),
};

let current: { env: TelemetryEnvironment; telemetry: Telemetry } | undefined;

/** The telemetry of this process, opened once. Never throws. */
export function getTelemetry(env: TelemetryEnvironment): Telemetry {
  if (current?.env !== env) current = { env, telemetry: createTelemetry(env, SYSTEM) };
  return current.telemetry;
}

const SYSTEM: TelemetryDeps = {
  openExporter: async (...from) => (await import('./exporter')).openExporter(...from),
  now: () => performance.now(),
};

/** The telemetry of one environment. Without a connection string it keeps nothing and loads nothing. */
export function createTelemetry(env: TelemetryEnvironment, { openExporter, now }: TelemetryDeps): Telemetry {
  if ((env['APPLICATIONINSIGHTS_CONNECTION_STRING'] ?? '') === '') return OFF;
  let kept: { measurements: Measurement[]; spans: EndedSpan[] } | undefined = { measurements: [], spans: [] };
  let exporter: Exporter | undefined;
  let loading: Promise<void> | undefined;
  let isScheduled = false;
  let failure: string | undefined;
  let reportedAt = -Infinity;

  const load = () => (loading ??= open());
  async function open(): Promise<void> {
    try {
      exporter = await openExporter(env, (reason) => (failure = reason));
      if (exporter) kept?.measurements.forEach(exporter.measure);
      if (kept && kept.spans.length > 0) exporter?.trace(kept.spans);
    } catch {
      // The message of the library may quote the connection string.
      failure = 'exporterNotOpened';
    }
    kept = undefined;
  }

  return {
    isOn: true,
    measure(measurement) {
      if (exporter) exporter.measure(measurement);
      else if (kept && kept.measurements.length < MOST_KEPT.measurements) kept.measurements.push(measurement);
    },
    trace(spans) {
      if (exporter) exporter.trace(spans);
      else if (kept) kept.spans.push(...spans.slice(0, MOST_KEPT.spans - kept.spans.length));
    },
    invocationEnded(logger) {
      if (!isScheduled) {
        isScheduled = true;
        setTimeout(() => void load(), LOAD_AFTER_MS).unref();
      }
      if (failure === undefined || now() - reportedAt < REPORT_EVERY_MS) return;
      reportedAt = now();
      logger.warn('telemetry.notExported', { reason: failure });
      failure = undefined;
    },
    async flush() {
      let timer: NodeJS.Timeout | undefined;
      const timeIsUp = new Promise<void>((resolve) => (timer = setTimeout(resolve, FLUSH_WITHIN_MS)));
      const flushed = load().then(() => exporter?.flush());
      await Promise.race([flushed.catch(() => undefined), timeIsUp]);
      clearTimeout(timer);
    },
  };
}
