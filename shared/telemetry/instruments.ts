import type { Attributes, Meter } from '@opentelemetry/api';
import { METRICS, type Measure, type MetricName } from './catalogue';

/** Other values become `other`, so that no text from outside reaches a metric. */
const DIMENSION = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * In milliseconds, around the limits of Graph for an answer (1, 2.9 and 10 s) and of the work on a job. AppMetrics keeps
 * count, sum, least and greatest of a histogram and not these buckets, hence the counter upr.notifications.slow.
 */
const BUCKETS_MS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_900, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000];

/** Records values with the instruments of METRICS. Each is created with its first value. */
export function createInstruments(meter: Meter): Measure {
  const records = new Map<MetricName, (value: number, attributes: Attributes) => void>();
  const create = (name: MetricName): ((value: number, attributes: Attributes) => void) => {
    const { kind, unit, description } = METRICS[name];
    if (kind === 'counter') {
      const counter = meter.createCounter(name, { unit, description });
      return (value, attributes) => counter.add(value, attributes);
    }
    if (kind === 'gauge') {
      // A synchronous gauge with delta temporality exports the values of an interval once. An observable one would repeat
      // the last value after its writer has ended, and would keep dimensions that no longer exist.
      const gauge = meter.createGauge(name, { unit, description });
      return (value, attributes) => gauge.record(value, attributes);
    }
    const advice = { explicitBucketBoundaries: BUCKETS_MS };
    const histogram = meter.createHistogram(name, { unit, description, advice });
    return (value, attributes) => histogram.record(value, attributes);
  };
  return ({ metric, value, dimensions = {} }) => {
    if (!Number.isFinite(value)) return;
    const record = records.get(metric) ?? create(metric);
    records.set(metric, record);
    record(value, pickDimensions(METRICS[metric].dimensions, dimensions));
  };
}

function pickDimensions(names: readonly string[], given: Readonly<Record<string, string>>): Attributes {
  const attributes: Attributes = {};
  for (const name of names) {
    const value = given[name] ?? '';
    attributes[name] = DIMENSION.test(value) ? value : 'other';
  }
  return attributes;
}
