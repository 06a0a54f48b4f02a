import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseEnvironment } from './baseEnvironment';
import { startProcess, type ProcessExit } from './processes';
import { connectionStringFor, type StorageUrls } from './storageConnectionString';
import { clockPreload } from './clockPreload';

export interface AzuriteOptions {
  /** The folder whose node_modules holds azurite, and whose local/ holds the preloads. */
  readonly root: string;
  /** 0 = any free one, which is what an absent port means. */
  readonly ports?: { readonly blob?: number; readonly queue?: number; readonly table?: number };
  readonly clockFile?: string;
}

export interface Azurite {
  readonly pid: number;
  /** Origins, without the account. */
  readonly blobUrl: string;
  readonly queueUrl: string;
  readonly tableUrl: string;
  readonly connectionString: string;
  stop(): Promise<ProcessExit>;
  kill(): Promise<ProcessExit>;
  readonly exited: Promise<ProcessExit>;
}

/** Starts storage in memory on 127.0.0.1. Throws ProcessStartError; PORT_TAKEN names the port. */
export async function startAzurite({ root, ports = {}, clockFile }: AzuriteOptions): Promise<Azurite> {
  const clock = clockPreload(root, clockFile);
  const started = await startProcess({
    name: 'Azurite',
    file: createRequire(join(root, 'package.json')).resolve('azurite/dist/src/azurite.js'),
    args: [
      '--inMemoryPersistence',
      '--disableTelemetry',
      // Azurite 3.35 is older than the API version that storage-queue 12.30 asks for.
      '--skipApiVersionCheck',
      '--silent',
      ...listenOn('blob', ports.blob),
      ...listenOn('queue', ports.queue),
      ...listenOn('table', ports.table),
    ],
    preload: [...clock.preload, join(root, 'local', 'stopWithStdin.cjs')],
    env: { ...baseEnvironment(), ...clock.env },
    cwd: tmpdir(),
    readyLine: collectUrls(),
  });
  const { blob, queue, table } = started.ready;
  return {
    pid: started.pid,
    blobUrl: blob,
    queueUrl: queue,
    tableUrl: table,
    connectionString: connectionStringFor(started.ready),
    stop: () => started.stop(),
    kill: () => started.kill(),
    exited: started.exited,
  };
}

function listenOn(service: string, port = 0): string[] {
  return [`--${service}Host`, '127.0.0.1', `--${service}Port`, String(port)];
}

/** Ready is three lines, one per service, in any order. */
function collectUrls(): (line: string) => StorageUrls | undefined {
  const found: { blob?: string; queue?: string; table?: string } = {};
  return (line) => {
    const match = /Azurite (Blob|Queue|Table) service is successfully listening at (http:\S+)/.exec(line);
    const url = match?.[2];
    if (match?.[1] === 'Blob' && url !== undefined) found.blob = url;
    if (match?.[1] === 'Queue' && url !== undefined) found.queue = url;
    if (match?.[1] === 'Table' && url !== undefined) found.table = url;
    const { blob, queue, table } = found;
    return blob !== undefined && queue !== undefined && table !== undefined
      ? { blob, queue, table }
      : undefined;
  };
}
