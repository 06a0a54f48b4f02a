import type { Clock } from '../clock';
import type { KeyRing } from '../config';
import type { Logger } from '../logger';
import { isRecord, parseJson, parseText } from '../parse';
import { createTextSigner, keyIdOf, type TextCheck } from '../settings/signatures';
import { QUEUE_NAMES, type SignedQueue } from './account';
import type { MessageQueue } from './queues';

/** `unknownKey`: our key set may be wrong or old. `unsigned`: it has no mac of ours. `other`: it is not a message of ours. */
export type SignatureCheck = TextCheck | 'other';

/** Signs the messages of one queue, so that write access to the queue is not enough to make the app act. */
export interface MessageSigner {
  /** @param text `{"event":{…}}`, which gets a second member `mac` */
  sign(text: string): string;
  /** @param value a message as parsed JSON */
  check(value: unknown): SignatureCheck;
}

/** How every message of ours begins. */
const PREFIX = '{"event":';

/**
 * The mac of a message is the signature of the JSON text of its event. Each queue is a use of its own, so that the mac of
 * one queue is not valid for another.
 */
export function createMessageSigner(ring: KeyRing, queue: string): MessageSigner {
  const signer = createTextSigner(ring, `queue ${queue}`);
  return {
    sign: (text) => `${text.slice(0, -1)},"mac":"${signer.sign(text.slice(PREFIX.length, -1))}"}`,
    check(value) {
      if (!isRecord(value) || !isRecord(value['event'])) return 'other';
      return signer.check(JSON.stringify(value['event']), parseText(value['mac']));
    },
  };
}

/** The signers of all queues of the app. */
export function createSigners(ring: KeyRing): Record<SignedQueue, MessageSigner> {
  const signerOf = (name: SignedQueue) => createMessageSigner(ring, name);
  const { jobs, subscriptions, archive } = QUEUE_NAMES;
  return { [jobs]: signerOf(jobs), [subscriptions]: signerOf(subscriptions), [archive]: signerOf(archive) };
}

/** The id of the key that a message says it is signed with; nothing is verified. */
export function keyIdOfMessage(text: string): string | undefined {
  const value = parseJson(text);
  return isRecord(value) ? keyIdOf(parseText(value['mac'])) : undefined;
}

/** The same queue, which signs what it sends. */
export function createSignedQueue(queue: MessageQueue, signer: MessageSigner): MessageQueue {
  return { send: (text, options) => queue.send(signer.sign(text), options) };
}

export interface HoldDeps {
  /** The queue without a trigger, as it is: what is passed on keeps its mac. */
  waiting: MessageQueue;
  /** Of the queue, for the log. */
  name: string;
  clock: Pick<Clock, 'now'>;
  logger: Pick<Logger, 'warn' | 'error'>;
}

export interface AdmitDeps extends HoldDeps {
  signer: Pick<MessageSigner, 'check'>;
  poison: MessageQueue;
}

/** Settings and key sets are corrected within minutes or hours. A message waits half of the time it has waited already. */
const FIRST_HOLD_MS = 60_000;
const LONGEST_HOLD_MS = 10 * 60_000;
/** As long as a job waits for any outage (jobs/delays.ts). */
const LONGEST_WITHOUT_KEY_MS = 7 * 24 * 60 * 60_000;

/**
 * Whether a message may be processed. One that is signed with a key that is not in the ring waits for up to 7 days, because
 * the key may be restored. Then, and without a valid mac, it goes to the poison queue. A value of another form is admitted:
 * the parser reports it.
 *
 * @throws errors of the queues. The host still has the original message then
 */
export async function admitMessage(deps: AdmitDeps, value: unknown): Promise<boolean> {
  const check = deps.signer.check(value);
  if (check === 'valid' || check === 'other') return true;
  if (check === 'unknownKey' && heldForMs(value, deps.clock.now()) < LONGEST_WITHOUT_KEY_MS) {
    await holdMessage(deps, value, check);
    return false;
  }
  await deps.poison.send(JSON.stringify(value));
  deps.logger.error('message.refused', { queue: deps.name, reason: check });
  return false;
}

/**
 * Sends a message to the waiting queue, where it is visible after a minute, and later every ten minutes. A message of ours
 * says since when it is held, beside its event and its mac. This uses none of the tries that lead to the poison queue.
 */
export async function holdMessage(
  { waiting, name, clock, logger }: HoldDeps,
  value: unknown,
  cause: string,
): Promise<void> {
  const now = clock.now();
  const heldMs = heldForMs(value, now);
  const delaySeconds = Math.round(Math.min(LONGEST_HOLD_MS, Math.max(FIRST_HOLD_MS, heldMs / 2)) / 1000);
  const isSigned = isRecord(value) && value['mac'] !== undefined;
  const held = isSigned ? { ...value, heldSince: new Date(now - heldMs).toISOString() } : value;
  await waiting.send(typeof held === 'string' ? held : JSON.stringify(held), { delaySeconds });
  logger.warn('message.held', { queue: name, cause, delaySeconds });
}

/** How long a message has been held, in milliseconds. The mac does not cover it: it decides waits and nothing else. */
function heldForMs(value: unknown, now: number): number {
  const since = isRecord(value) ? Date.parse(parseText(value['heldSince'])) : NaN;
  return Number.isNaN(since) ? 0 : Math.max(0, now - since);
}
