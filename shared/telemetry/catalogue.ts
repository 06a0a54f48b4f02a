import { JOB_METRICS } from './jobMetrics';
import { SERVICE_METRICS } from './serviceMetrics';

/** Every metric of the app. Alerts, workbook and docs name these alone. */
export const METRICS = { ...JOB_METRICS, ...SERVICE_METRICS };

export type MetricName = keyof typeof METRICS;

/** One value of a metric. */
export interface Measurement {
  readonly metric: MetricName;
  readonly value: number;
  /** A value for each dimension of the metric. */
  readonly dimensions?: Readonly<Record<string, string>>;
}

/** Takes a value. It returns at once and never throws. */
export type Measure = (measurement: Measurement) => void;

/** For what runs outside the app, such as the command line: what it does is no part of the service. */
export const notMeasured: Measure = () => undefined;
