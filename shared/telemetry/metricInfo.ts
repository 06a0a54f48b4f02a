/** What is measured. The name is its key in METRICS, and `Name` in the table AppMetrics. */
export interface MetricInfo {
  /** `counter`: its values are summed. `histogram`: count, sum, least and greatest. `gauge`: the last value of each interval. */
  readonly kind: 'counter' | 'histogram' | 'gauge';
  /** In UCUM notation, as OpenTelemetry writes units. */
  readonly unit: string;
  /** Each has a short list of values, or is written for at most 20 of its values at a time. */
  readonly dimensions: readonly string[];
  readonly description: string;
}
