import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { RefusedItem } from './fields';
import { readItem, type Row, type TableName } from './readItem';

export interface IngestionFault {
  /** 402, 429, 500 or 503 refuse the request. 206 refuses the items of `items` and accepts the others. */
  readonly status: 206 | 402 | 429 | 500 | 503;
  /** How many requests to answer so (default 1). */
  readonly count?: number;
  readonly retryAfterSeconds?: number;
  /** With 206: positions in the request. They are refused with 500, after which a client sends them again. */
  readonly items?: readonly number[];
}

/** What one request was answered. */
export interface IngestionAnswer {
  readonly status: number;
  readonly itemsReceived: number;
  readonly itemsAccepted: number;
  readonly errors: readonly { readonly index: number; readonly statusCode: number; readonly message: string }[];
  /** The header Retry-After. */
  readonly retryAfterSeconds?: number | undefined;
}

export interface Ingestion {
  /** For APPLICATIONINSIGHTS_CONNECTION_STRING. */
  readonly connectionString: string;
  /** The rows of a table, in the order of receipt. */
  rows(table: TableName): Row[];
  /** The answers so far, in order. */
  answers(): readonly IngestionAnswer[];
  /** All that was received, as sent: for a scan for secrets. */
  received(): readonly string[];
  fail(fault: IngestionFault): void;
  close(): Promise<void>;
}

/**
 * Starts a stand-in for the ingestion endpoint of Application Insights on a free port of 127.0.0.1. It keeps all rows in
 * memory. README.md has what it does as the service, and the differences.
 *
 * @param now the time of the service, in milliseconds since 1970
 */
export async function startIngestion({ now }: { readonly now: () => number }): Promise<Ingestion> {
  const iKey = randomUUID();
  const tables = new Map<TableName, Row[]>();
  const answers: IngestionAnswer[] = [];
  const received: string[] = [];
  const faults: IngestionFault[] = [];

  const take = (text: string): IngestionAnswer => {
    received.push(text);
    const items = splitItems(text);
    const fault = faults.shift();
    const retryAfterSeconds = fault?.retryAfterSeconds;
    if (fault && fault.status !== 206) {
      return { ...refuseAll(items.length, fault.status, 'The service refuses requests.'), retryAfterSeconds };
    }
    const errors = items.flatMap((item, index) => {
      if (fault?.items?.includes(index)) return [{ index, statusCode: 500, message: 'Internal Server Error' }];
      try {
        const { table, row } = readItem(item, iKey, now());
        const rows = tables.get(table);
        if (rows) rows.push(row);
        else tables.set(table, [row]);
        return [];
      } catch (error) {
        if (!(error instanceof RefusedItem)) throw error;
        return [{ index, statusCode: 400, message: error.message }];
      }
    });
    const accepted = items.length - errors.length;
    const status = errors.length === 0 ? 200 : accepted > 0 ? 206 : 400;
    return { status, itemsReceived: items.length, itemsAccepted: accepted, errors, retryAfterSeconds };
  };

  const server = createServer((request, response) => {
    void answerRequest(request, take).then((answer) => {
      if (answer.itemsReceived > 0) answers.push(answer);
      send(response, answer);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
  return {
    connectionString: `InstrumentationKey=${iKey};IngestionEndpoint=${origin};LiveEndpoint=${origin}`,
    rows: (table) => [...(tables.get(table) ?? [])],
    answers: () => [...answers],
    received: () => [...received],
    fail({ count = 1, ...fault }) {
      for (let n = 0; n < count; n += 1) faults.push(fault);
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerRequest(
  request: IncomingMessage,
  take: (text: string) => IngestionAnswer,
): Promise<IngestionAnswer> {
  if (!/^\/v2(\.1)?\/track$/.test(request.url ?? '')) return refuseAll(0, 404, 'Not Found');
  if (request.method !== 'POST') return refuseAll(0, 405, 'Method Not Allowed');
  try {
    const body = await buffer(request);
    return take((request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('utf8'));
  } catch {
    // The body is neither gzip nor JSON, or the client has gone.
    return refuseAll(0, 400, 'Invalid JSON');
  }
}

/** A JSON array, or one JSON object a line (`application/x-json-stream`), as the track API consumes both. */
function splitItems(text: string): unknown[] {
  const trimmed = text.trim();
  if (!trimmed.startsWith('[')) return trimmed.split('\n').map((line): unknown => JSON.parse(line));
  const items: unknown = JSON.parse(trimmed);
  return Array.isArray(items) ? items : [];
}

function refuseAll(count: number, status: number, message: string): IngestionAnswer {
  const errors = Array.from({ length: count }, (_, index) => ({ index, statusCode: status, message }));
  return { status, itemsReceived: count, itemsAccepted: 0, errors };
}

function send(response: ServerResponse, { status, retryAfterSeconds, ...body }: IngestionAnswer): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': `${retryAfterSeconds}` }),
  });
  response.end(JSON.stringify(body));
}
