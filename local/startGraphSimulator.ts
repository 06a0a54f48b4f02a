import { join } from 'node:path';
import { baseEnvironment } from './baseEnvironment';
import { startProcess, type RunningProcess } from './processes';
import { clockPreload } from './clockPreload';
import { readyEvent, readyText } from './readyEvent';

export interface GraphSimulatorOptions {
  /** The folder that holds dist/ and local/. */
  readonly root: string;
  /** 0 = any free one, which is what an absent port means. */
  readonly port?: number;
  readonly tokenPort?: number;
  /** Seed of all its chances. */
  readonly seed?: number;
  readonly clockFile?: string;
  /** Another program with the same ready line; the built simulator when absent. */
  readonly file?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface GraphSimulatorUrls {
  /** Origin, to which `/v1.0` or `/beta` is added. */
  readonly graphUrl: string;
  readonly controlUrl: string;
  readonly authorityUrl: string;
  /** PEM file of the certificate authority behind authorityUrl. */
  readonly caFile: string;
  /** The app registration that its tokens and notifications are for. */
  readonly appId: string;
}

export type GraphSimulatorProcess = GraphSimulatorUrls & Omit<RunningProcess<GraphSimulatorUrls>, 'ready'>;

/** Starts the built Graph simulator on 127.0.0.1. Throws ProcessStartError; PORT_TAKEN names the port. */
export async function startGraphSimulator(options: GraphSimulatorOptions): Promise<GraphSimulatorProcess> {
  const { root, port = 0, tokenPort = 0, seed = 1, clockFile } = options;
  const clock = clockPreload(root, clockFile);
  const { ready, ...running } = await startProcess({
    name: 'Graph simulator',
    file: options.file ?? join(root, 'dist', 'local', 'graphSimulator', 'main.mjs'),
    args: ['--port', `${port}`, '--token-port', `${tokenPort}`, '--seed', `${seed}`, '--stop-with-stdin'],
    preload: clock.preload,
    env: { ...baseEnvironment(), ...options.env, ...clock.env },
    readyLine: readUrls,
  });
  return { ...ready, ...running };
}

function readUrls(line: string): GraphSimulatorUrls | undefined {
  const event = readyEvent(line);
  if (event === undefined) return undefined;
  return {
    graphUrl: readyText(event, 'graphUrl'),
    controlUrl: readyText(event, 'controlUrl'),
    authorityUrl: readyText(event, 'authorityUrl'),
    caFile: readyText(event, 'caFile'),
    appId: readyText(event, 'appId'),
  };
}
