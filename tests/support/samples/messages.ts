import { createFairQueue } from '../../../shared/fairness/fairQueue';
import { queueOf } from '../../../shared/fairness/bringBack';
import { formatJobEvent, type JobEventFacts } from '../../../shared/jobs/jobEvent';
import { jobEvent } from '../../../shared/jobs/jobEventSchema';
import {
  formatJobMessage,
  parseJobMessage,
  type JobMessage,
  type JobReference,
  type MessageOfJob,
  type SharedJob,
} from '../../../shared/jobs/message';
import { isRecord, parseJson } from '../../../shared/parse';
import { parseEvent } from '../../../shared/sinks/event';
import { isFairQueue, QUEUE_NAMES, type SignedQueue } from '../../../shared/storage/account';
import { createSignedQueue, createSigners, holdMessage } from '../../../shared/storage/signedMessages';
import {
  formatSubscriptionMessage,
  parseSubscriptionMessage,
  type LifecycleMessage,
  type SubscriptionMessage,
} from '../../../shared/subscriptions/message';
import { createCapturedLogger } from '../createCapturedLogger';
import { createMemoryQueue } from '../memoryQueue';
import { at, DEFINITION, OTHER_PRINTER, PRINTER, RING, sampleClock, SHARE, SUBSCRIPTION } from './ids';
import { taskId, TENANT, TRACEPARENT } from './ids';

/** A message as it lies in a queue, and what it says. */
export interface MessageSample {
  text: string;
  /** What a reader has to find in it. Later readers may find more. */
  reads: unknown;
}

/** With every field that a message may have: a new one that is missing here does not compile. */
const everyField: Required<Omit<MessageOfJob, 'reference'>> = {
  generation: 28_000_000,
  subscriptionId: SUBSCRIPTION,
  expires: at(60),
  foundBy: 'sweep',
  receivedAt: at(0),
  traceparent: TRACEPARENT,
  deferrals: 2,
  tablesOutSince: at(-5),
  stillOpen: true,
};
const base = { foundBy: 'graph', receivedAt: at(0), traceparent: TRACEPARENT, deferrals: 0 } as const;
const started = { kind: 'jobStarted', tenantId: TENANT, definitionId: DEFINITION, taskId: taskId(1) } as const;
const fetchable = { kind: 'jobFetchable', tenantId: TENANT, printerId: PRINTER, jobId: '5182' } as const;

/** By kind: a new one that is missing here does not compile. */
const jobMessages: Record<JobReference['kind'] | SharedJob['kind'] | 'unknown', readonly JobMessage[]> = {
  jobStarted: [
    { ...base, reference: started },
    { ...everyField, reference: { ...started, printerId: PRINTER, jobId: '5182' } },
    { ...base, foundBy: 'operator', reference: { ...started, shareId: SHARE, jobId: '5182' } },
  ],
  jobFetchable: [
    { ...base, reference: fetchable },
    { ...everyField, foundBy: 'replay', reference: fetchable },
  ],
  jobEnded: [{ ...base, foundBy: 'sweep', reference: { ...fetchable, kind: 'jobEnded' } }],
  sharedJob: [
    {
      ...base,
      shared: { kind: 'sharedJob', tenantId: TENANT, shareId: SHARE, jobId: '5182', tag: 'abcdefghijklmnopqrstuv' },
    },
  ],
  unknown: [{ ...base, tenantId: TENANT, shape: 'print/newThings/{id}' }],
};

const times = { receivedAt: at(0), traceparent: TRACEPARENT };
const lifecycle: Required<LifecycleMessage> = {
  ...{ ...times, kind: 'lifecycle', tenantId: TENANT, tag: 'abcdefghijklmnopqrstuv' },
  ...{ lifecycleEvent: 'missed', subscriptionId: SUBSCRIPTION, generation: 28_000_000, noted: true },
};
const ofWatch = { ...times, tenantId: TENANT, rowKey: `jobFetchable_${PRINTER}` };
const subscriptionMessages: Record<SubscriptionMessage['kind'], SubscriptionMessage> = {
  lifecycle,
  renew: { ...ofWatch, kind: 'renew' },
  sweep: { ...ofWatch, kind: 'sweep' },
  sweepAll: { ...times, kind: 'sweepAll' },
};

const everyFact: Required<Omit<JobEventFacts, 'reference' | 'phase' | 'outcome' | 'shareId'>> = {
  printerId: PRINTER,
  jobId: '5182',
  firstSeenAt: at(0),
  traceparent: TRACEPARENT,
  rule: 'Hold for a badge',
  by: 'device 0123456789abcdef',
  refused: { action: 'redirect', code: 'graphForbidden', message: 'Graph answered 403' },
  redirectedTo: { printerId: OTHER_PRINTER, jobId: '17' },
  redirectedFrom: { printerId: OTHER_PRINTER, jobId: '16' },
  archived: [
    {
      ...{ documentId: 'd1', container: 'documents', blob: `${TENANT}/${PRINTER}/5182/d1` },
      ...{ contentType: 'application/pdf', size: 4, sha256: 'ab'.repeat(32), source: '/print/printers' },
    },
  ],
  job: {
    fields: { id: '5182', displayName: 'Report', createdBy: { userPrincipalName: 'somebody@contoso.com' } },
    documents: [{ id: 'd1', displayName: 'Report.pdf' }],
    truncated: ['documents.displayName'],
  },
};
const events: { facts: JobEventFacts; type: string }[] = [
  { facts: { ...everyFact, phase: 'start', reference: started, outcome: 'held' }, type: 'print.job.started' },
  { facts: { ...everyFact, phase: 'end', reference: started, outcome: 'redirected' }, type: 'print.job.ended' },
  { facts: { ...everyFact, phase: 'start', reference: fetchable, outcome: 'archived' }, type: 'print.job.fetchable' },
  {
    facts: { ...everyFact, phase: 'start', reference: { ...fetchable, kind: 'jobEnded' }, outcome: 'completed' },
    type: 'print.job.ended',
  },
];

/** What this build sends to each queue. */
export async function writeMessages(): Promise<Record<string, MessageSample[]>> {
  const { jobs, subscriptions, archive, waiting, jobEvents, waitingEvents, deadEvents } = QUEUE_NAMES;
  const ofJobs = Object.values(jobMessages)
    .flat()
    .map((message) => ({ message, text: formatJobMessage(message) }));
  const ofSubscriptions = Object.values(subscriptionMessages).map((message) => ({
    ...{ message, text: formatSubscriptionMessage(message) },
  }));
  const ofArchive = ofJobs.filter(({ message }) => message.reference !== undefined);
  const ofEvents = events.map(({ facts, type }) => ({
    text: formatJobEvent(facts),
    reads: { type, outcome: facts.outcome },
  }));
  return {
    [jobs]: await sendEach(jobs, ofJobs, 'left'),
    [subscriptions]: await sendEach(subscriptions, ofSubscriptions, 'last'),
    [archive]: await sendEach(archive, ofArchive, 'left'),
    [waiting]: [
      ...(await sendEach(jobs, ofJobs, 'none')),
      ...(await sendEach(subscriptions, ofSubscriptions, 'none')),
      ...(await holdEach(jobs, ofJobs.slice(0, 1))),
    ],
    ...{ [jobEvents]: ofEvents, [waitingEvents]: ofEvents, [deadEvents]: ofEvents },
  };
}

interface Written {
  message: unknown;
  text: string;
}

/** @param allowance of the tenant: with `none`, a message goes to the waiting queue */
async function sendEach(
  name: SignedQueue,
  written: readonly Written[],
  allowance: 'left' | 'last' | 'none',
): Promise<MessageSample[]> {
  const [triggered, waiting] = [createMemoryQueue(), createMemoryQueue()];
  const signer = createSigners(RING)[name];
  const queue = isFairQueue(name)
    ? createFairQueue({ triggered, waiting, allowances: { spend: () => allowance }, signer })
    : createSignedQueue(triggered, signer);
  for (const { text } of written) await queue.send(text);
  const { sent } = allowance === 'none' ? waiting : triggered;
  return sent.map(({ text }, index) => ({ text, reads: { queue: name, message: written[index]?.message } }));
}

/** Messages that wait because a setting is wrong. */
async function holdEach(name: SignedQueue, written: readonly Written[]): Promise<MessageSample[]> {
  const waiting = createMemoryQueue();
  const deps = { waiting, name, clock: sampleClock(), logger: createCapturedLogger() };
  const signer = createSigners(RING)[name];
  for (const { text } of written) await holdMessage(deps, parseJson(signer.sign(text)), 'configInvalid');
  return waiting.sent.map(({ text }, index) => ({ text, reads: { queue: name, message: written[index]?.message } }));
}

/** Reads a message of a queue as this build does. @throws when it is not accepted */
export function readMessage(queue: string, text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (queue.startsWith(QUEUE_NAMES.jobEvents)) {
    if (!parseEvent(text)) throw new Error(`${queue}: not a CloudEvent`);
    const { type, data } = jobEvent.parse(value);
    return { type, outcome: data.outcome };
  }
  const signed = signedQueueOf(queue, text);
  const check = createSigners(RING)[signed].check(value);
  if (check !== 'valid') throw new Error(`${queue}: the mac is ${check}`);
  const parsed = signed === QUEUE_NAMES.subscriptions ? parseSubscriptionMessage(value) : parseJobMessage(value);
  if ('malformed' in parsed) throw new Error(`${queue}: ${parsed.malformed}`);
  return { queue: signed, message: parsed.message };
}

function signedQueueOf(queue: string, text: string): SignedQueue {
  const own = Object.values(QUEUE_NAMES).find((name) => name === queue);
  if (own === QUEUE_NAMES.waiting) return queueOf(text);
  if (own === QUEUE_NAMES.jobs || own === QUEUE_NAMES.subscriptions || own === QUEUE_NAMES.archive) return own;
  throw new Error(`${queue}: tests/support/samples/messages.ts has no reader for it`);
}

/** The samples of one queue in a stored file. */
export function parseMessageSamples(value: unknown): MessageSample[] {
  if (!Array.isArray(value)) throw new Error('The samples of a queue are no list');
  return value.map((sample: unknown) => {
    if (!isRecord(sample) || typeof sample['text'] !== 'string') throw new Error('A sample has no text');
    return { text: sample['text'], reads: sample['reads'] };
  });
}
