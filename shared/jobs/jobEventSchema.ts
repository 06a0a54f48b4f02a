import * as z from 'zod';
import { isIsoTime } from '../parse';
import type { Outcome } from './ledgerRow';

/** The outcomes of each type of event. */
const OUTCOMES_OF = {
  started: ['released', 'held', 'redirected', 'aborted', 'deadline', 'unreadable', 'ended'],
  fetchable: ['fetchable', 'archived', 'archiveFailed', 'printed', 'redirected', 'ended'],
  ended: ['released', 'redirected', 'aborted', 'deadline', 'ended'],
  completion: ['completed', 'failed', 'canceled'],
} as const satisfies Record<string, readonly Outcome[]>;

const text = (description: string) => z.string().min(1).meta({ description });
const jobId = text('The id of the job. Unique within its printer only.');
const printerId = text(
  'The id of the printer in Universal Print. The id of a pull print printer has the prefix "pullprint.".',
);
const shareId = text('In place of printerId: Graph does not show the printer of this share.');
const place = (description: string) =>
  z.union([z.object({ printerId, jobId }), z.object({ shareId, jobId })]).meta({ description });

const tenantId = text('The id of the customer, a GUID in lower case.');
const rule = text('The name of the rule that decided, or that held the job. Absent when no rule matched.');
const redirects = {
  redirectedTo: place('The job that continues this one on another printer.').exactOptional(),
  redirectedFrom: place('The job on another printer that this one continues.').exactOptional(),
};
const job = {
  job: z.record(z.string(), z.unknown()).nullable().meta({
    description:
      'The documented fields of printJob as Microsoft Graph gave them; null when the job could not be read. See https://learn.microsoft.com/graph/api/resources/printjob.',
  }),
  truncated: z.array(z.string()).min(1).exactOptional().meta({
    description: 'What was shortened or left out so that the event fits into a queue message, such as "documents".',
  }),
};
const refused = z
  .object({
    action: z
      .enum(['release', 'hold', 'redirect', 'abort', 'archive'])
      .meta({ description: 'The action that failed.' }),
    code: text('The error code of this product, such as "graphForbidden".'),
    message: text('Why, for people: what Microsoft Graph said, or how the download ended.'),
  })
  .meta({
    description:
      'Present when Microsoft Graph refused the decision or the documents could not be archived. A job that waited ended by the choice for failures.',
  });

const archived = z
  .array(
    z.object({
      documentId: text('The id of the document.'),
      container: text('The blob container.'),
      blob: text('The name of the blob.'),
      contentType: text('The content type of the blob, application/octet-stream for types that no printer takes.'),
      size: z.number().int().nonnegative().meta({ description: 'Bytes.' }),
      sha256: text('The SHA-256 of the content, in hexadecimal.'),
      source: text('Where the document comes from, as a path of Microsoft Graph.'),
    }),
  )
  .min(1)
  .exactOptional()
  .meta({ description: 'The documents that were archived.' });

/** Of a job that waited for this app. Where its task names no job that Graph shows, the place is unknown. */
const waiting = {
  tenantId,
  printerId: printerId.exactOptional(),
  shareId: shareId.exactOptional(),
  jobId: jobId.exactOptional(),
  taskId: text('The id of the print task.'),
  definitionId: text('The id of the task definition.'),
};
const outcome = <const Words extends readonly string[]>(words: Words) =>
  z.enum(words).meta({ description: 'How the job event ended. docs/events.md explains each.' });

const envelope = {
  specversion: z.literal('1.0').meta({ description: 'The version of CloudEvents.' }),
  id: text('Identifies the event. The same however often the event is sent.'),
  source: text('/tenants/{tenantId}/printers/{printerId}, or printers/unknown.'),
  subject: text('jobs/{jobId}, or jobs/unknown.'),
  time: z.string().refine(isIsoTime, 'must be a time in UTC').meta({
    description: 'When this product first saw the job event; ISO 8601 in UTC. Not when the event was sent.',
    format: 'date-time',
  }),
  datacontenttype: z.literal('application/json').meta({ description: 'The format of data.' }),
  traceparent: text('The W3C trace context of the notification.').exactOptional(),
};
const type = <Name extends string>(name: Name) => z.literal(name).meta({ description: 'The type of the event.' });

const started = z.object({
  ...envelope,
  type: type('print.job.started'),
  data: z.object({
    ...waiting,
    outcome: outcome(OUTCOMES_OF.started),
    rule: rule.exactOptional(),
    refused: refused.exactOptional(),
    archived,
    ...redirects,
    ...job,
  }),
});

const fetchable = z.object({
  ...envelope,
  type: type('print.job.fetchable'),
  data: z.object({
    tenantId,
    printerId,
    jobId,
    outcome: outcome(OUTCOMES_OF.fetchable),
    rule: rule.exactOptional(),
    refused: refused.exactOptional(),
    archived,
    ...redirects,
    ...job,
    documents: z
      .array(z.unknown())
      .exactOptional()
      .meta({ description: 'The documents of the job as Microsoft Graph gave them.' }),
  }),
});

const endOfHold = z.object({
  ...waiting,
  outcome: outcome(OUTCOMES_OF.ended),
  rule: rule.exactOptional(),
  by: text(
    'Who asked for the end of the hold. Absent when its time was over or another party ended the job.',
  ).exactOptional(),
  refused: refused.exactOptional(),
  archived,
  ...redirects,
  ...job,
});

const completion = z.object({
  tenantId,
  printerId,
  jobId,
  outcome: outcome(OUTCOMES_OF.completion),
  ...redirects,
  ...job,
});

const ended = z.object({
  ...envelope,
  type: type('print.job.ended'),
  data: z
    .discriminatedUnion('outcome', [endOfHold, completion])
    .meta({ description: 'The end of a held job, or of a fetchable one.' }),
});

/**
 * The events on the queue print-job-events. docs/schemas/job-event.schema.json is generated from this schema. It allows
 * fields that it does not name, because a later version may add some.
 */
export const jobEvent = z.discriminatedUnion('type', [started, fetchable, ended]).meta({
  title: 'Event of the Universal Print receiver',
  description: 'One CloudEvents 1.0 event. See docs/events.md.',
});

/** The types of events. */
export const EVENT_TYPES = ['print.job.started', 'print.job.fetchable', 'print.job.ended'] as const satisfies z.output<
  typeof jobEvent
>['type'][];

/** The JSON Schema of an event, as the text of docs/schemas/job-event.schema.json. */
export function formatJobEventSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(jobEvent, { target: 'draft-7', io: 'input' }), null, 2)}\n`;
}
