import type { Config } from '../config';
import type { DeviceTokens } from '../deviceTokens/deviceTokens';
import { ReceiverError } from '../errors';
import type { Ledger } from '../jobs/ledger';
import type { Logger } from '../logger';
import type { RulesStore } from '../rules/store';
import { describeSink, type SinkDescription } from '../settings/eventSink';
import type { Tenants } from '../tenants/tenants';
import type { Watches } from '../watches/watches';
import { countHeldJobs, findUnreadableRules, type HeldJobs, type UnreadableRules } from './jobStates';
import { findWrongKeys, summarizeKeys, type KeyUse, type WrongKey } from './keyUse';
import { readQueues, type QueueReaders, type QueueState } from './queueStates';
import { findReasons, type Reason } from './reasons';
import { summarizeService, type ServiceSummary } from './summary';

/** What the status is read from: the services of the app. */
export interface StatusServices extends QueueReaders {
  config(): Promise<Config>;
  tenants(): Promise<Tenants>;
  watches(): Promise<Watches>;
  deviceTokens(): Promise<{ tokens: DeviceTokens }>;
  ledger(): Promise<Ledger>;
  rules(): Promise<RulesStore>;
}

export interface StatusRequest {
  /** Of the program that reads the status. */
  version: string;
  /** Milliseconds since 1970. */
  now: number;
  logger: Logger;
}

interface Verdict {
  state: 'OK' | 'ATTENTION';
  version: string;
  reasons: Reason[];
}

/** The answer of GET /api/status and of `status --json`. */
export type ServiceStatus = FullStatus | InvalidStatus;

export interface FullStatus extends Verdict, ServiceSummary {
  heldJobs: HeldJobs;
  unreadableRules: UnreadableRules[];
  /** What is wrong with each row that cannot be read. */
  unreadableRows: string[];
  keys: KeyUse[];
  wrongKeys: WrongKey[];
  /** Messages of the app whose key cannot be seen, because they are hidden or behind the first 32 of their queue. */
  unseenMessages: number;
  trustedHosts: readonly string[];
  sink: SinkDescription | null;
  queues: QueueState[];
}

/** With wrong settings the app holds its messages. They can be counted as long as the settings of storage are right. */
export interface InvalidStatus extends Verdict {
  /** The settings to correct. */
  settings: readonly string[];
  queues: QueueState[];
}

/**
 * Reads the status of the service from its tables, queues and rules. Nothing is changed, and Graph is not called.
 *
 * @throws ReceiverError `configInvalid` when the queues cannot be read either, and the errors of storage
 */
export async function readServiceStatus(services: StatusServices, request: StatusRequest): Promise<ServiceStatus> {
  let config: Config;
  try {
    config = await services.config();
  } catch (error) {
    return readInvalid(services, request, error);
  }
  const { version, now, logger } = request;
  const unreadableRows: string[] = [];
  const onUnreadable = ({ message }: Error) => void unreadableRows.push(message);
  const [tenantTable, watchTable, tokenTable] = [
    await services.tenants(),
    await services.watches(),
    (await services.deviceTokens()).tokens,
  ];
  const [tenants, watches, tokens, { states: queues, signed }] = await Promise.all([
    collect(tenantTable.list(onUnreadable)),
    collect(watchTable.list(undefined, onUnreadable)),
    collect(tokenTable.list(undefined, onUnreadable)),
    readQueues(services, now),
  ]);
  const rows = { tenants, watches: watches.map(({ watch }) => watch), now };
  const { clientStateKeys, trustedHosts, eventSink } = config;
  const ring = clientStateKeys.map(({ keyId }) => keyId);
  const keys = summarizeKeys({ ...rows, tokens, ring, signed });
  const wrongKeys = findWrongKeys(rows, clientStateKeys);
  const [heldJobs, unreadableRules] = await Promise.all([
    countHeldJobs(services, tenants, onUnreadable),
    findUnreadableRules(services, tenants, logger),
  ]);
  const seen = { ...rows, keys, wrongKeys, queues, unreadableRules, unreadableRows: unreadableRows.length };
  return {
    ...verdictOf(version, findReasons(seen)),
    ...summarizeService(rows),
    heldJobs,
    unreadableRules,
    unreadableRows,
    keys,
    wrongKeys,
    unseenMessages: signed.unseen,
    trustedHosts,
    sink: eventSink ? describeSink(eventSink) : null,
    queues,
  };
}

async function readInvalid(
  services: StatusServices,
  { version, now }: StatusRequest,
  error: unknown,
): Promise<InvalidStatus> {
  if (!(error instanceof ReceiverError) || error.code !== 'configInvalid') throw error;
  const queues = await readQueues(services, now).catch(() => undefined);
  // The settings are the first to correct, whatever storage says.
  if (!queues) throw error;
  const problem = `${error.problem}: ${error.details.join('; ')}`;
  const verdict = verdictOf(version, [{ reason: 'settingsInvalid', problem, next: 'doctor' }]);
  return { ...verdict, settings: error.details, queues: queues.states };
}

function verdictOf(version: string, reasons: Reason[]): Verdict {
  return { state: reasons.length === 0 ? 'OK' : 'ATTENTION', version, reasons };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
