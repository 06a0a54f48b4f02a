import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** One row as the exporter sends it (ApplicationInsights-Home, EndpointSpecs/Schemas): only what tests look at. */
export interface Envelope {
  name: string;
  time: string;
  sampleRate?: number;
  tags: Record<string, string>;
  data: { baseType: string; baseData: Record<string, unknown> };
}

export interface Ingestion {
  /** The setting APPLICATIONINSIGHTS_CONNECTION_STRING. */
  readonly connectionString: string;
  /** All bodies as text, with the paths and headers of their requests. */
  readonly texts: string[];
  envelopes(): Envelope[];
  /** Values of a metric, in the order of their arrival. */
  metric(name: string): { value: number; count: number; properties: Record<string, string> }[];
  /** Answers every later request with this status. */
  answerWith(status: number): void;
  close(): Promise<void>;
}

/** Receives what Application Insights would, on a free port of loopback. */
export async function startIngestion(): Promise<Ingestion> {
  const bodies: string[] = [];
  const texts: string[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const raw = Buffer.concat(parts);
      const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8');
      texts.push(`${request.method ?? ''} ${request.url ?? ''} ${JSON.stringify(request.headers)}\n${body}`);
      const items = readEnvelopes(body).length;
      if (status === 200) bodies.push(body);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ itemsReceived: items, itemsAccepted: status === 200 ? items : 0, errors: [] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const envelopes = () => bodies.flatMap(readEnvelopes);
  return {
    connectionString: `InstrumentationKey=0a1b2c3d-0000-4000-8000-000000000001;IngestionEndpoint=http://127.0.0.1:${port}/`,
    texts,
    envelopes,
    metric: (name) =>
      envelopes().flatMap(({ data: { baseType, baseData } }) => {
        if (baseType !== 'MetricData') return [];
        const { metrics, properties } = baseData as { metrics: MetricRow[]; properties: Record<string, string> };
        return metrics.flatMap((row) => (row.name === name ? [{ ...row, properties }] : []));
      }),
    answerWith: (next) => (status = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface MetricRow {
  name: string;
  value: number;
  count: number;
}

/** A JSON array, or one JSON object a line (application/x-json-stream). */
function readEnvelopes(body: string): Envelope[] {
  const lines = body.trim().startsWith('[') ? [body] : body.split('\n').filter((line) => line.trim() !== '');
  return lines.flatMap((line) => JSON.parse(line) as Envelope | Envelope[]);
}
