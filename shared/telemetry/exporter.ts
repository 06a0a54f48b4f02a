import {
  AzureMonitorMetricExporter,
  AzureMonitorTraceExporter,
  type AzureMonitorExporterOptions,
} from '@azure/monitor-opentelemetry-exporter';
import { SpanKind, SpanStatusCode, type HrTime } from '@opentelemetry/api';
import { resourceFromAttributes, type Resource } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { version } from '../version';
import type { Measure } from './catalogue';
import { trustedIngestion } from './ingestion';
import { createInstruments } from './instruments';
import type { EndedSpan } from './spans';
import type { SpanIds } from './traceparent';

/** What sends measurements and spans. */
export interface Exporter {
  measure: Measure;
  trace(spans: readonly EndedSpan[]): void;
  flush(): Promise<void>;
}

const SCOPE = { name: 'universal-print-receiver', version };

/** A process that is killed loses this much. */
const EXPORT_EVERY_MS = 60_000;

/** Combinations of dimension values of one metric in one interval. What exceeds it becomes `otel.metric.overflow`. */
export const MOST_COMBINATIONS = 500;

/**
 * The exporter reads these from the environment alone. Statsbeat sends the app's name, operating system and counts of
 * requests to endpoints of Microsoft in other regions, which private networks refuse. The metric `_OTELRESOURCE_` repeats
 * what each row says already.
 */
const SWITCHES = {
  APPLICATION_INSIGHTS_NO_STATSBEAT: 'true',
  APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED: 'true',
};

/**
 * Opens the export to Application Insights: metrics each minute with delta temporality, spans each five seconds. Metrics have
 * the time of their export, and spans their own.
 *
 * @param env the environment of this process, in which the switches of the exporter are set
 * @param onFailure takes the status or the error code of each request that failed after its retries
 * @returns undefined where the host of the endpoint must not receive credentials and data. `onFailure` takes `untrustedHost`
 * @throws errors of the exporter for an invalid connection string
 */
export async function openExporter(
  env: Record<string, string | undefined>,
  onFailure: (reason: string) => void,
): Promise<Exporter | undefined> {
  const address = trustedIngestion(env);
  if (address === undefined) {
    onFailure('untrustedHost');
    return undefined;
  }
  Object.assign(env, SWITCHES);
  const options = {
    ...addressOptions(env, address),
    ...(await credentialOptions(env, onFailure)),
    ...ownOptions(onFailure),
  };
  const resource = resourceFromAttributes({
    'service.name': env['OTEL_SERVICE_NAME'] || env['WEBSITE_SITE_NAME'] || SCOPE.name,
    'service.version': version,
    ...(env['WEBSITE_INSTANCE_ID'] ? { 'service.instance.id': env['WEBSITE_INSTANCE_ID'] } : {}),
  });
  const spans = new BatchSpanProcessor(new AzureMonitorTraceExporter(options));
  // https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#periodic-exporting-metricreader
  const interval = Number(env['OTEL_METRIC_EXPORT_INTERVAL']);
  const reader = new PeriodicExportingMetricReader({
    exporter: new AzureMonitorMetricExporter(options),
    exportIntervalMillis: interval > 0 ? interval : EXPORT_EVERY_MS,
    cardinalityLimits: { default: MOST_COMBINATIONS },
  });
  const meters = new MeterProvider({ resource, readers: [reader] });
  return {
    measure: createInstruments(meters.getMeter(SCOPE.name, SCOPE.version)),
    trace: (ended) => ended.forEach((span) => spans.onEnd(readable(span, resource))),
    flush: async () => {
      await Promise.allSettled([meters.forceFlush(), spans.forceFlush()]);
    },
  };
}

/** The address is the one that was checked, not what the library reads. A local endpoint has no certificate. */
function addressOptions(env: Record<string, string | undefined>, address: string): AzureMonitorExporterOptions {
  const connectionString = env['APPLICATIONINSIGHTS_CONNECTION_STRING'] ?? '';
  return { connectionString, host: address, ...(address.startsWith('http:') ? { allowInsecureConnection: true } : {}) };
}

/** `Authorization=AAD;ClientId=…` as the host reads it. Without a ClientId, the system-assigned identity. */
async function credentialOptions(
  env: Record<string, string | undefined>,
  onFailure: (reason: string) => void,
): Promise<AzureMonitorExporterOptions> {
  const words = (env['APPLICATIONINSIGHTS_AUTHENTICATION_STRING'] ?? '').split(';').map((word) => word.split('='));
  const find = (name: string) => words.find(([key = '']) => key.trim().toLowerCase() === name)?.[1]?.trim();
  if (find('authorization')?.toUpperCase() !== 'AAD') return {};
  const { ManagedIdentityCredential } = await import('@azure/identity');
  const clientId = find('clientid');
  const identity = clientId ? new ManagedIdentityCredential({ clientId }) : new ManagedIdentityCredential();
  return {
    credential: {
      async getToken(...request) {
        try {
          return await identity.getToken(...request);
        } catch (error) {
          onFailure('noToken');
          throw error;
        }
      },
    },
  };
}

function ownOptions(onFailure: (reason: string) => void): AzureMonitorExporterOptions {
  return {
    // Telemetry that waits in files would outlive its retention, and an instance of Flex Consumption takes them with it.
    disableOfflineStorage: true,
    additionalPolicies: [
      {
        position: 'perCall',
        policy: {
          name: 'noteFailures',
          async sendRequest(request, next) {
            try {
              const response = await next(request);
              if (response.status >= 400) onFailure(String(response.status));
              return response;
            } catch (error) {
              onFailure(codeOf(error));
              throw error;
            }
          },
        },
      },
    ],
  };
}

/** Of an error of the library, never its message, which may quote what was sent. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'noAnswer';
}

/** The span in the form of the SDK. Its ids and times are those of the work. */
function readable(span: EndedSpan, resource: Resource): ReadableSpan {
  const { parent, link } = span;
  // The library takes the name of a row in AppRequests from this attribute alone.
  const attributes =
    span.kind === 'consumer' ? { ...span.attributes, 'ai.operation.name': span.name } : span.attributes;
  return {
    name: span.name,
    kind: span.kind === 'consumer' ? SpanKind.CONSUMER : SpanKind.CLIENT,
    spanContext: () => contextOf(span.ids),
    ...(parent && { parentSpanContext: contextOf(parent) }),
    startTime: timeOf(span.startedAt),
    endTime: timeOf(span.endedAt),
    duration: timeOf(span.endedAt - span.startedAt),
    status: { code: span.isFailed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes,
    links: link ? [{ context: contextOf(link) }] : [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Which spans are exported is decided before (`spans.ts`), so each has the flag of a sampled one. */
const contextOf = ({ traceId, spanId }: SpanIds) => ({ traceId, spanId, traceFlags: 1 });

/** Milliseconds since 1970 as seconds and nanoseconds. */
function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}
