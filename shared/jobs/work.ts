import { GraphError } from '../graph/errors';
import { parseJobUrl, type NamedPlace } from '../jobPlace';
import { isRecord, parseJson, parseText } from '../parse';
import type { MessageQueue } from '../storage/queues';
import type { Access } from './access';
import { archiveEndOf, failedArchive, isArchiveOver, LONGEST_ARCHIVING_MS } from './archiveFailure';
import { extendLease, finishClaim, holdClaim, holdUnreported, isoTime, mayReopen, type Claim } from './claims';
import { waitedFor } from './delays';
import { formatJobEvent, MOST_CELL_CHARACTERS, type JobEventFacts, type JobFacts } from './jobEvent';
import { archivedOf, factsOfRow } from './jobEventOfRow';
import type { EventState, LedgerRow, Outcome } from './ledgerRow';
import { userTag } from './ledgerIndex';
import { decideOnFetchable, readEndedJob, readFetchableJob } from './fetchableJob';
import type { JobMessage, JobReference } from './message';
import { shortenJob } from './shortenJob';
import { staysHeld, workOnStartedJob, type NotYet, type StartedJobDeps, type StartedJobResult } from './startedJob';

export interface WorkDeps extends StartedJobDeps {
  queues: { events: MessageQueue };
}

export interface Work {
  claim: Claim;
  message: JobMessage;
  access: Access;
}

export type WorkResult =
  | { outcome: 'done' | 'eventRepeated' | 'releasedWithoutEvent' | 'endedAgain' | 'taskStaysOpen'; jobOutcome: Outcome }
  | NotYet
  /** The job is held, now or still. `lastRefusal`: Graph refused what was wished. */
  | { outcome: 'held'; lastRefusal?: string }
  /** The documents of the job are archived first. */
  | { outcome: 'toArchive'; facts: JobFacts }
  /** Another run has taken the row over; nothing more was started. */
  | { outcome: 'claimLost' };

/** One send with the retries of the queue client (services.ts). */
const EVENT_SEND_LIMIT_MS = 45_000;

/**
 * The work under a claim: read, decide, act, send the event, record. A run that takes over reads everything again and
 * recognizes what an earlier run did. An event whose send was not confirmed is sent again as it was.
 *
 * @throws GraphError, storage errors
 */
export async function workOnJob(deps: WorkDeps, work: Work): Promise<WorkResult> {
  const { reference, row } = work.claim;
  const pending = pendingFacts(work);
  const isKnown = reference.kind === 'jobStarted' || row.eventText !== undefined;
  if (pending && isKnown) return sendAndRecord(deps, work, pending);
  // Its first event could not be sent before. An end that is due comes before that event, because a user waits for it.
  const isUnreported = work.access.active && row.heldEventText !== undefined;
  if (isUnreported && staysHeld(deps, work)) return holdAgain(deps, work, { outcome: 'held' });
  const result = await readOrAct(deps, work);
  const now = deps.clock.now();
  if (row.event === 'sent' || row.event === 'none') return finishAgain(deps, work, row.event, result);
  if ('outcome' in result && result.outcome === 'held') return holdAgain(deps, work, result);
  if ('outcome' in result && result.outcome === 'toArchive') return result;
  if (reference.kind === 'jobFetchable' && 'facts' in result && result.facts.job) {
    const isArchivable = mayArchive(work, result.facts, now);
    const isPatient = isArchivable && waitedFor(row, 'outage', now) < LONGEST_ARCHIVING_MS;
    const { named, isArchived } = await decideOnFetchable(deps, reference, result.facts.job, isPatient);
    work.claim.row = { ...row, readAt: isoTime(now), ...named };
    if (isArchived && isArchivable) return { outcome: 'toArchive', facts: result.facts };
    if (!isArchived) work.claim.row = withoutWanted(work.claim.row);
  }
  const failure = reference.kind === 'jobFetchable' && archiveEndOf(work.claim.row, 'facts' in result, now);
  if (failure) work.claim.row = { ...work.claim.row, ...failedArchive(failure) };
  const { archive } = work.claim.row;
  // A job whose event is late, or whose documents have been archived, may have been deleted at Graph since.
  const isArchiveEnded = row.phase === 'start' && (archive === 'stored' || archive === 'failed');
  const known = pending ?? (isArchiveEnded ? factsOfRow(row) : undefined);
  const facts = 'facts' in result ? result.facts : known;
  if (!facts) return result as Exclude<typeof result, { facts: JobFacts }>;
  return sendAndRecord(deps, work, reference.kind === 'jobFetchable' ? withArchive(facts, archive) : facts);
}

function readOrAct(deps: WorkDeps, { claim, access }: Work): Promise<StartedJobResult> {
  const { reference } = claim;
  switch (reference.kind) {
    case 'jobStarted':
      return workOnStartedJob(deps, { claim, access, reference });
    case 'jobFetchable':
      return readFetchableJob(deps.callGraph, reference);
    case 'jobEnded':
      return readEndedJob(deps.callGraph, reference);
  }
}

/** The documents of a job that has ended without printing, or that prints elsewhere, cannot be downloaded. */
function mayArchive({ access, claim: { row } }: Work, { outcome }: JobFacts, now: number): boolean {
  const isOpen = (row.archive === undefined || row.archive === 'wanted') && !isArchiveOver(row, now);
  return access.active && isOpen && (outcome === 'fetchable' || outcome === 'printed');
}

/** The rules no longer archive the documents. */
function withoutWanted(row: LedgerRow): LedgerRow {
  if (row.archive !== 'wanted') return row;
  const { archive: _archive, archiveSince: _since, ...kept } = row;
  return kept;
}

function withArchive(facts: JobFacts, archive: LedgerRow['archive']): JobFacts {
  if (archive === 'stored') return { ...facts, outcome: 'archived' };
  const isReady = facts.outcome === 'fetchable' || facts.outcome === 'printed';
  return archive === 'failed' && isReady ? { ...facts, outcome: 'archiveFailed' } : facts;
}

/**
 * Records that a task was ended once more, which Graph listed as open after it had been ended and reported. No second event
 * is sent. One that cannot be ended yet is waited for, as before its event. What Graph does not show now, the sweep looks at
 * again. After the last look only a person can do more, unless that one found the task ended.
 */
async function finishAgain(
  deps: WorkDeps,
  { claim, access }: Work,
  event: EventState,
  result: StartedJobResult,
): Promise<WorkResult> {
  if ('outcome' in result) {
    if (result.outcome === 'claimLost') return result;
    if (result.outcome === 'notYet' && result.patience === 'openTask') return result;
  }
  const { outcome: jobOutcome = 'ended', cause } = claim.row;
  const hasEnded = 'facts' in result && !claim.hasActed;
  const staysOpen = !hasEnded && !mayReopen({ ...claim.row, status: 'done', event });
  // Why no event was sent, and not why this run waited.
  const known = claim.row.waitReason === undefined ? cause : undefined;
  const said = staysOpen ? 'taskStaysOpen' : known;
  const changes = { event, ...(said === undefined ? {} : { cause: said }) };
  await finishClaim(deps.ledger, claim, changes, personalDataDaysOf(access));
  return { outcome: staysOpen ? 'taskStaysOpen' : 'endedAgain', jobOutcome };
}

function personalDataDaysOf(access: Access): number {
  return access.active ? access.tenant.personalDataDays : access.personalDataDays;
}

/** Returns a job that a run has looked at to its hold. Its first event follows where it could not be sent before. */
async function holdAgain(
  deps: WorkDeps,
  { claim, access }: Work,
  held: { outcome: 'held'; lastRefusal?: string },
): Promise<WorkResult> {
  const { lastRefusal } = held;
  if (access.active && claim.row.heldEventText !== undefined) {
    // The row has the words of the queue. A wish that Graph refused is over, also where the queue refuses the event.
    const { wish, lastRefusal: _ofQueue, ...row } = claim.row;
    claim.row = wish !== undefined && lastRefusal === undefined ? { ...row, wish } : row;
    if (!(await sendFirstEvent(deps, claim))) return { outcome: 'claimLost' };
  }
  const isHeld = await holdClaim(deps.ledger, claim, lastRefusal === undefined ? {} : { lastRefusal });
  return isHeld ? held : { outcome: 'claimLost' };
}

/** What a run found and did whose event could not be sent. A hold of a customer who is not active any more is decided again. */
function pendingFacts({ claim: { row }, access }: Work): JobFacts | undefined {
  const isOver = row.outcome === 'held' && !access.active;
  return row.event === 'pending' && !isOver ? factsOfRow(row) : undefined;
}

/** Sends the event, then records outcome and event. A run that ends between the two repeats the event with the same id. */
async function sendAndRecord(deps: WorkDeps, { claim, message, access }: Work, facts: JobFacts): Promise<WorkResult> {
  const { outcome } = facts;
  const record = recordOf(facts);
  if (!access.active) {
    const changes = { ...record, event: 'none', cause: access.reason } as const;
    await finishClaim(deps.ledger, claim, changes, access.personalDataDays);
    return { outcome: 'releasedWithoutEvent', jobOutcome: outcome };
  }
  if (outcome === 'held') return reportHold(deps, { claim, message, access }, facts);
  // Where the queue refuses, the row is released with this: a later run sends the event without asking Graph.
  claim.row = { ...claim.row, ...record, event: 'pending' };
  const text = claim.row.eventText ?? (await formatEvent(deps, claim, message, facts));
  if (text.length <= MOST_CELL_CHARACTERS) claim.row = { ...claim.row, eventText: text };
  if (!(await sendFirstEvent(deps, claim))) return { outcome: 'claimLost' };
  if (!(await extendLease(deps.ledger, claim, EVENT_SEND_LIMIT_MS))) return { outcome: 'claimLost' };
  await deps.queues.events.send(text);
  const sentAt = isoTime(deps.clock.now());
  const sent = claim.row.phase === 'end' ? { endSentAt: sentAt } : { sentAt };
  const changes = { ...record, event: 'sent', ...sent } as const;
  const recorded = await finishClaim(deps.ledger, claim, changes, access.tenant.personalDataDays);
  return { outcome: recorded ? 'done' : 'eventRepeated', jobOutcome: outcome };
}

/** Sends the first event of a job that is held, then records the hold. Where the queue refuses, the job is held all the same. */
async function reportHold(deps: WorkDeps, { claim, message }: Work, facts: JobFacts): Promise<WorkResult> {
  claim.row = { ...claim.row, ...recordOf(facts) };
  const cells = heldCells(claim.reference, facts);
  const text = claim.row.eventText ?? (await formatEvent(deps, claim, message, facts));
  if (!(await extendLease(deps.ledger, claim, EVENT_SEND_LIMIT_MS))) return { outcome: 'claimLost' };
  try {
    await deps.queues.events.send(text);
  } catch (error) {
    await holdUnreported(deps.ledger, claim, { ...cells, heldEventText: text });
    throw error;
  }
  const isHeld = await holdClaim(deps.ledger, claim, { ...cells, sentAt: isoTime(deps.clock.now()) });
  return isHeld ? { outcome: 'held' } : { outcome: 'eventRepeated', jobOutcome: 'held' };
}

/**
 * Sends the first event of a held job where it could not be sent before, and records that: the event of its end comes after it.
 *
 * @returns false when another run has taken the row over
 */
async function sendFirstEvent(deps: WorkDeps, claim: Claim): Promise<boolean> {
  const { heldEventText, ...row } = claim.row;
  if (heldEventText === undefined) return true;
  if (!(await extendLease(deps.ledger, claim, EVENT_SEND_LIMIT_MS))) return false;
  await deps.queues.events.send(heldEventText);
  claim.row = row;
  return extendLease(deps.ledger, claim, EVENT_SEND_LIMIT_MS, { sentAt: isoTime(deps.clock.now()) });
}

/** Time and trace are those of the first message, whichever run sends the event. */
async function formatEvent(deps: WorkDeps, claim: Claim, message: JobMessage, facts: JobFacts): Promise<string> {
  const redirects = await findRedirects(deps, claim, facts);
  const { reference, row } = claim;
  const { firstSeenAt, traceparent = message.traceparent, phase, rule, by } = row;
  const refused = row.refused === undefined ? undefined : parseJson(row.refused);
  const known = { reference, firstSeenAt, traceparent, phase, rule, by, refused, archived: archivedOf(row) };
  return formatJobEvent({ ...facts, ...redirects, ...known });
}

/** What the row keeps of the facts, so that a later run can send the same event. */
export function recordOf({ outcome, printerId, shareId, jobId, job, redirectedTo }: JobFacts): Partial<LedgerRow> {
  const named = Object.entries({ printerId, shareId, jobId }).filter(([, id]) => id !== undefined);
  const place: Pick<LedgerRow, 'printerId' | 'shareId' | 'jobId'> = Object.fromEntries(named);
  const target = redirectedTo === undefined ? {} : { redirectedTo: JSON.stringify(redirectedTo) };
  if (!job) return { outcome, ...place, ...target };
  const shorten = { fields: job.fields };
  const { fields, truncated } = shortenJob(
    shorten,
    (short) => JSON.stringify(short.fields).length <= MOST_CELL_CHARACTERS,
  );
  const createdMs = Date.parse(parseText(job.fields['createdDateTime']));
  return {
    outcome,
    ...place,
    ...target,
    ...(Number.isNaN(createdMs) ? {} : { jobCreatedAt: isoTime(createdMs) }),
    job: JSON.stringify(fields),
    ...(truncated.length > 0 ? { truncated: JSON.stringify(truncated) } : {}),
  };
}

/** What the row of a held job keeps, so that a wish finds it: the ids in its key, and the tags of its user. */
function heldCells(reference: JobReference, { job }: JobFacts): Partial<LedgerRow> {
  if (reference.kind !== 'jobStarted') return {};
  const { tenantId, definitionId, taskId } = reference;
  const user = job?.fields['createdBy'];
  const { id, userPrincipalName } = isRecord(user) ? user : {};
  const names = [id, userPrincipalName].map(parseText).filter((name) => name !== '');
  const userTags = [...new Set(names.map((name) => userTag(tenantId, name)))].join(',');
  return { definitionId, taskId, userTags };
}

/** Where the job was redirected to and from. A share whose printer cannot be read now stays a share: the event does not wait. */
async function findRedirects(
  { callGraph, locateJob }: WorkDeps,
  { reference: { tenantId } }: Claim,
  { job, redirectedTo }: JobFacts,
): Promise<Pick<JobEventFacts, 'redirectedTo' | 'redirectedFrom'>> {
  const locate = async (url: unknown): Promise<NamedPlace | undefined> => {
    const named = parseJobUrl(url);
    if (!named) return undefined;
    try {
      return (await locateJob(callGraph, tenantId, named)) ?? named;
    } catch (error) {
      if (error instanceof GraphError) return named;
      throw error;
    }
  };
  return {
    redirectedTo: redirectedTo ?? (await locate(job?.fields['redirectedTo'])),
    redirectedFrom: await locate(job?.fields['redirectedFrom']),
  };
}
