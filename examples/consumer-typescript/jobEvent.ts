/**
 * The events on the queue print-job-events, as docs/events.md explains them. Copy this file into your product. A test holds it
 * equal to docs/schemas/job-event.schema.json.
 */
export type JobEvent = StartedEvent | FetchableEvent | EndedEvent;

/** A job waited for the receiver, which has decided on it. */
export type StartedEvent = Envelope<
  'print.job.started',
  WaitingJob & {
    outcome: 'released' | 'held' | 'redirected' | 'aborted' | 'deadline' | 'unreadable' | 'ended';
    refused?: Refused;
    archived?: ArchivedDocument[];
  }
>;

/** A job is ready for download and can no longer change. */
export type FetchableEvent = Envelope<
  'print.job.fetchable',
  JobData & {
    printerId: string;
    jobId: string;
    rule?: string;
    outcome: 'fetchable' | 'archived' | 'archiveFailed' | 'printed' | 'redirected' | 'ended';
    refused?: Refused;
    archived?: ArchivedDocument[];
    /** As Microsoft Graph gave them. */
    documents?: unknown[];
  }
>;

/** A job that an earlier event called `held` has ended, or a job that had a FetchableEvent. */
export type EndedEvent = Envelope<'print.job.ended', EndOfHold | Completion>;

export type EndOfHold = WaitingJob & {
  outcome: 'released' | 'redirected' | 'aborted' | 'deadline' | 'ended';
  /** Who asked for the end of the hold. */
  by?: string;
  refused?: Refused;
  archived?: ArchivedDocument[];
};

/** Sent where the customer has completion events. `job.status.details` says more. */
export type Completion = JobData & {
  printerId: string;
  jobId: string;
  outcome: 'completed' | 'failed' | 'canceled';
};

/** CloudEvents 1.0. */
export interface Envelope<Type extends string, Data> {
  specversion: '1.0';
  /** The same however often the event is sent: ignore an id that you have processed. */
  id: string;
  source: string;
  subject: string;
  type: Type;
  /** When the receiver first saw the job event; ISO 8601 in UTC. */
  time: string;
  datacontenttype: 'application/json';
  traceparent?: string;
  data: Data;
}

export interface JobData {
  tenantId: string;
  redirectedTo?: JobPlace;
  redirectedFrom?: JobPlace;
  /** printJob as Microsoft Graph gave it; null when it could not be read. */
  job: Record<string, unknown> | null;
  /** What was shortened or left out. */
  truncated?: string[];
}

export interface WaitingJob extends JobData {
  rule?: string;
  printerId?: string;
  /** In place of printerId: Graph does not show the printer of this share. */
  shareId?: string;
  jobId?: string;
  taskId: string;
  definitionId: string;
}

export type JobPlace = { printerId: string; jobId: string } | { shareId: string; jobId: string };

/** A document in Blob Storage. */
export interface ArchivedDocument {
  documentId: string;
  container: string;
  blob: string;
  contentType: string;
  /** Bytes. */
  size: number;
  /** Hexadecimal. */
  sha256: string;
  source: string;
}

/** What Microsoft Graph refused of a decision, or why the documents could not be archived. */
export interface Refused {
  action: 'release' | 'hold' | 'redirect' | 'abort' | 'archive';
  code: string;
  message: string;
}

/**
 * The event in the text of a message, which is base64. It may be of a type, or have an outcome, that this file does not list
 * yet: skip those.
 *
 * @throws Error when the text is not an event
 */
export function parseJobEvent(messageText: string): JobEvent {
  const value: unknown = JSON.parse(Buffer.from(messageText, 'base64').toString('utf8'));
  if (!isJobEvent(value)) throw new Error('The message is not an event of the receiver');
  return value;
}

function isJobEvent(value: unknown): value is JobEvent {
  if (typeof value !== 'object' || value === null) return false;
  const isNamed = 'id' in value && typeof value.id === 'string' && 'type' in value && typeof value.type === 'string';
  return isNamed && 'data' in value && typeof value.data === 'object' && value.data !== null;
}
