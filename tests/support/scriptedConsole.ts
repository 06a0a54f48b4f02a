import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { ConsoleFault, ConsoleSnapshot, JobStory, StreamEvent } from '../../local/console/consoleApi';
import { FAULT_NAMES } from '../../local/console/consoleApi';
import { ROOT } from './startFlow';

const TOKEN = 'token-of-the-test';
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

const CONTOSO = 'aaaaaaaa-0000-4000-8000-000000000001';

/** A server of the built page that shows what the test says, for states that the local cloud is rarely in. */
export interface ScriptedConsole {
  /** With the token. */
  readonly url: string;
  readonly calls: { readonly call: string; readonly body: unknown }[];
  /** The answer of the next call other than the stream. */
  refuseNext(status: number, message: string): void;
  send(event: StreamEvent): void;
  /** Ends the server and its streams. */
  stop(): Promise<void>;
  /** Starts it on the same port. */
  restart(): Promise<void>;
}

export async function startScriptedConsole(snapshot: ConsoleSnapshot): Promise<ScriptedConsole> {
  const streams = new Set<ServerResponse>();
  const calls: ScriptedConsole['calls'] = [];
  let refusal: { status: number; message: string } | undefined;
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '', 'http://console');
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (!pathname.startsWith('/api/')) return sendFile(pathname === '/' ? '/index.html' : pathname, response);
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return json(401, errorOf('The token is wrong.'));
    if (pathname === '/api/stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      streams.add(response);
      return write(response, { name: 'snapshot', data: snapshot });
    }
    let text = '';
    for await (const part of request) text += String(part);
    calls.push({ call: `${request.method} ${pathname}`, body: text === '' ? undefined : JSON.parse(text) });
    const refused = refusal;
    refusal = undefined;
    if (refused) return json(refused.status, errorOf(refused.message));
    return json(202, {});
  };
  let server: Server;
  const listen = async (port: number) => {
    server = createServer((request, response) => void respond(request, response));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  return {
    url: `http://127.0.0.1:${port}/?token=${TOKEN}`,
    calls,
    refuseNext: (status, message) => void (refusal = { status, message }),
    send: (event) => streams.forEach((stream) => write(stream, event)),
    async stop() {
      streams.clear();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
    restart: async () => void (await listen(port)),
  };
}

function write(stream: ServerResponse, { name, data }: StreamEvent): void {
  stream.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

function errorOf(message: string) {
  return { error: { code: 'refused', message } };
}

function sendFile(path: string, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'text/plain' });
  response.end(readFileSync(join(ROOT, 'dist', 'local', 'console', path)));
}

/** A fault that is not set. */
export function faultOf(name: (typeof FAULT_NAMES)[number], over: Partial<ConsoleFault> = {}): ConsoleFault {
  return {
    name,
    meaning: `What ${name} does.`,
    canClear: name !== 'forge',
    isSet: false,
    state: '',
    takes: [],
    ...over,
  };
}

/** A job of Contoso that is done. */
export function storyOf(jobNumber: string, over: Partial<JobStory> = {}): JobStory {
  const printedAt = Date.UTC(2026, 10, 22, 9, 15, 2);
  return {
    ...{
      id: `story/${jobNumber}`,
      jobNumber,
      tenantId: CONTOSO,
      customer: 'Contoso',
      printerId: 'p1',
      printer: 'Reception',
    },
    ...{
      scenario: 'jobStarted',
      document: 'Report.pdf',
      user: 'ada@contoso.example',
      printedAt,
      key: `jobStarted_d_${jobNumber}`,
    },
    ...{
      status: 'done',
      outcome: 'released',
      steps: [{ at: printedAt, kind: 'printed', text: 'A user prints' }],
      events: [],
    },
    ...over,
  };
}

/** Contoso with two printers and one watch, and every fault. */
export function snapshotOf(jobs: JobStory[] = []): ConsoleSnapshot {
  const printers = [
    { printerId: 'p1', name: 'Reception', scenario: 'jobStarted' as const },
    { printerId: 'p2', name: 'Archive', scenario: 'jobFetchable' as const },
  ];
  const expiresAt = Date.now() + 2 * 24 * 3_600_000;
  const watches = [{ watchId: 'w1', scenario: 'jobStarted' as const, name: 'Receiver', status: 'live', expiresAt }];
  return {
    state: {
      app: { url: 'http://127.0.0.1:7071', state: 'running' },
      customers: [{ tenantId: CONTOSO, name: 'Contoso', consent: 'granted', printers, watches }],
      faults: FAULT_NAMES.map((name) => faultOf(name)),
      service: [],
    },
    jobs,
  };
}
