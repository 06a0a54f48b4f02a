import { createCache } from '../../cache';
import type { Clock } from '../../clock';
import { isRecord, parseId } from '../../parse';
import { unlessNotFound, type CallGraph } from '../client';
import { unreadableAnswer } from '../errors';
import type { JobPlace, NamedPlace } from '../../jobPlace';

/** An administrator may give a share another printer (api/printershare-update.md). */
const KNOWN_FOR_MS = 60_000;
/** A bound on memory. One instance meets far fewer shares within a minute. */
const MOST_KNOWN = 5_000;

/**
 * Finds the printer of a job that is named through a share.
 *
 * @returns undefined when Graph does not show the share or its printer
 * @throws GraphError as `callGraph` for anything but a 2xx or a 404, and `graphAnswerUnreadable`
 */
export type LocateJob = (callGraph: CallGraph, tenantId: string, named: NamedPlace) => Promise<JobPlace | undefined>;

/** `LocateJob` by GET /print/shares/{id}/printer (resources/printershare.md). A known printer is remembered for a minute. */
export function createLocateJob(clock: Pick<Clock, 'now'>): LocateJob {
  const known = createCache<string>({ most: MOST_KNOWN, keepMs: KNOWN_FOR_MS, clock });
  return async (callGraph, tenantId, named) => {
    if (!('shareId' in named)) return named;
    const { shareId, jobId } = named;
    const name = `${tenantId}/${shareId}`;
    const remembered = known.get(name);
    if (remembered !== undefined) return { printerId: remembered, jobId };
    const printerId = await readPrinterOfShare(callGraph, tenantId, shareId);
    if (printerId === undefined) return undefined;
    known.set(name, printerId);
    return { printerId, jobId };
  };
}

async function readPrinterOfShare(
  callGraph: CallGraph,
  tenantId: string,
  shareId: string,
): Promise<string | undefined> {
  const path = `/print/shares/${encodeURIComponent(shareId)}/printer`;
  const answer = await unlessNotFound(callGraph({ tenantId, method: 'GET', path, permission: 'Printer.Read.All' }));
  if (!answer) return undefined;
  const printerId = parseId(isRecord(answer.body) ? answer.body['id'] : undefined);
  if (printerId === undefined) throw unreadableAnswer('a printer without an id', path);
  return printerId;
}
