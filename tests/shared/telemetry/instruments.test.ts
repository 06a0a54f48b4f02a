import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type DataPoint,
} from '@opentelemetry/sdk-metrics';
import type { Measure } from '../../../shared/telemetry/catalogue';
import { createInstruments } from '../../../shared/telemetry/instruments';

let measure: Measure;
let provider: MeterProvider;
let exporter: InMemoryMetricExporter;
beforeEach(() => {
  // Delta, as AzureMonitorMetricExporter.selectAggregationTemporality chooses for counters, gauges and histograms.
  exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({ exporter, cardinalityLimits: { default: 10 } });
  provider = new MeterProvider({ readers: [reader] });
  measure = createInstruments(provider.getMeter('test'));
});
afterEach(() => provider.shutdown());

/** The data points of one interval by metric. */
async function nextInterval() {
  exporter.reset();
  await provider.forceFlush();
  const points: Record<string, Pick<DataPoint<unknown>, 'attributes' | 'value'>[]> = {};
  for (const { scopeMetrics } of exporter.getMetrics()) {
    for (const { metrics } of scopeMetrics) {
      for (const { descriptor, dataPoints } of metrics)
        points[descriptor.name] = dataPoints.map(({ attributes, value }) => ({ attributes, value }));
    }
  }
  return points;
}

it('a counter exports the sum of each interval, and nothing in one without a value', async () => {
  for (const value of [2, 3]) measure({ metric: 'upr.notifications.notStored', value });
  expect(await nextInterval()).toEqual({ 'upr.notifications.notStored': [{ attributes: {}, value: 5 }] });
  expect(await nextInterval()).toEqual({});
  measure({ metric: 'upr.notifications.notStored', value: 1 });
  expect(await nextInterval()).toEqual({ 'upr.notifications.notStored': [{ attributes: {}, value: 1 }] });
});

it('a histogram exports count, sum, least and greatest of each interval', async () => {
  for (const value of [4, 1, 7]) measure({ metric: 'upr.jobs.lag', value, dimensions: { kind: 'jobStarted' } });
  expect(await nextInterval()).toEqual({
    'upr.jobs.lag': [
      {
        attributes: { kind: 'jobStarted' },
        value: expect.objectContaining({ count: 3, sum: 12, min: 1, max: 7 }) as unknown,
      },
    ],
  });
});

it('a gauge exports the last value of each combination once: without its writer there is no data', async () => {
  const depth = (queue: string, value: number) => measure({ metric: 'upr.queues.depth', value, dimensions: { queue } });
  depth('print-notifications', 7);
  depth('print-archive', 1);
  depth('print-notifications', 9);
  expect(await nextInterval()).toEqual({
    'upr.queues.depth': [
      { attributes: { queue: 'print-notifications' }, value: 9 },
      { attributes: { queue: 'print-archive' }, value: 1 },
    ],
  });
  expect(await nextInterval()).toEqual({});
});

it('a dimension value that no longer exists disappears', async () => {
  const silent = (watch: string) =>
    measure({ metric: 'upr.watches.silent', value: 30, dimensions: { tenantId: 't', watch } });
  silent('a');
  silent('b');
  expect((await nextInterval())['upr.watches.silent']).toHaveLength(2);
  silent('b');
  expect(await nextInterval()).toEqual({
    'upr.watches.silent': [{ attributes: { tenantId: 't', watch: 'b' }, value: 30 }],
  });
});

it.each(['', 'Übersicht', 'a b', 'https://x/y', 'line\nbreak', 'x'.repeat(129), '{"a":1}'])(
  'the dimension value %p becomes other',
  async (reason) => {
    measure({ metric: 'upr.devices.refused', value: 1, dimensions: { reason } });
    expect(await nextInterval()).toEqual({ 'upr.devices.refused': [{ attributes: { reason: 'other' }, value: 1 }] });
  },
);

it('dimensions that the metric lacks are left out, and those without a value are other', async () => {
  measure({ metric: 'upr.jobs.claimed', value: 1, dimensions: { kind: 'jobStarted', documentName: 'secret.pdf' } });
  expect(await nextInterval()).toEqual({
    'upr.jobs.claimed': [{ attributes: { kind: 'jobStarted', foundBy: 'other' }, value: 1 }],
  });
});

it.each([NaN, Infinity, -Infinity])('%p is no value', async (value) => {
  measure({ metric: 'upr.held.jobs', value });
  expect(await nextInterval()).toEqual({});
});

it('combinations beyond the limit share one, so that memory and rows are bounded', async () => {
  for (let index = 0; index < 1_000; index += 1)
    measure({ metric: 'upr.functions.failed', value: 1, dimensions: { function: `f${index}`, code: 'c' } });
  const points = (await nextInterval())['upr.functions.failed'] ?? [];
  expect(points).toHaveLength(10);
  expect(points.at(-1)?.attributes).toEqual({ 'otel.metric.overflow': true });
});
