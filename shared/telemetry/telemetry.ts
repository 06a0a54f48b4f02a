import type { Measure, Measurement } from './catalogue';

/** What this process measures. */
export interface Telemetry {
  measure: Measure;
}

/** Values are kept until the exporter has been loaded, which happens after the first answer. */
const MOST_KEPT = 2_000;

/** The settings of a process. */
type Environment = Readonly<Record<string, string | undefined>>;

let current: { env: Environment; telemetry: Telemetry } | undefined;

/** The telemetry of this process, opened once. Never throws. */
export function getTelemetry(env: Environment): Telemetry {
  if (current?.env !== env) current = { env, telemetry: createTelemetry() };
  return current.telemetry;
}

function createTelemetry(): Telemetry {
  const kept: Measurement[] = [];
  return {
    measure(measurement) {
      if (kept.length < MOST_KEPT) kept.push(measurement);
    },
  };
}
