import { parseId, parseJobId } from './parse';

/** Where a job is. The id of a pull print printer has PULL_PRINT in front, because it is not the id of a printer. */
export interface JobPlace {
  printerId: string;
  jobId: string;
}

/** A job that Graph names through a share. Only Graph knows the printer of the share. */
export interface SharedJobPlace {
  shareId: string;
  jobId: string;
}

/** What a URL of a job names. */
export type NamedPlace = JobPlace | SharedJobPlace;

const PULL_PRINT = 'pullprint.';

/** The id of the pull print printer (resources/pullprintprinter.md) that `printerId` stands for; undefined for a printer. */
export function pullPrintId(printerId: string): string | undefined {
  return printerId.startsWith(PULL_PRINT) ? printerId.slice(PULL_PRINT.length) : undefined;
}

/** One `name/id` or `name('id')` of an OData path. */
interface KeyedSegment {
  /** Lower-cased. */
  name: string;
  id: string;
  /** The type that a cast segment after the key names, lower-cased: `/microsoft.graph.printer`. */
  cast: string | undefined;
}

const CAST = '(?:/(?:microsoft\\.)?graph\\.([a-z]+))?';
const SEGMENT = new RegExp(`/([a-z]+)${CAST}(?:/([^/()']+)|\\('([^/()']+)'\\))${CAST}`, 'iy');

const GUID = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
const GUID_LENGTH = 36;
/**
 * The forms that Graph's examples show. They mean the same to `readSegments`, which takes six times as long. Their ids have
 * known places: capturing them would cost as much as the rest.
 */
const PLAIN_TASK = new RegExp(`^/?print/taskDefinitions/${GUID}/tasks/${GUID}$`);
const PLAIN_JOB = new RegExp(`^https://[^/?#]+/(?:v1\\.0|beta)/print/printers/${GUID}/jobs/\\d{1,128}$`);

/** The id that ends where `text` has this place, lower-cased. */
function guidBefore(text: string, end: number): string {
  return text.slice(end - GUID_LENGTH, end).toLowerCase();
}

/** The keyed segments of the path below `/print`, or undefined for a path of another form. */
function readSegments(path: string): KeyedSegment[] | undefined {
  const segments: KeyedSegment[] = [];
  SEGMENT.lastIndex = 0;
  while (SEGMENT.lastIndex < path.length) {
    const found = SEGMENT.exec(path);
    if (!found) return undefined;
    const [, name = '', before, plainId, quotedId, after] = found;
    const cast = (after ?? before)?.toLowerCase();
    segments.push({ name: name.toLowerCase(), id: plainId ?? quotedId ?? '', cast });
  }
  return segments;
}

/** The job at `printers/{id}/jobs/{id}`, or below a pull print printer or a share. */
function placeOfSegments([parent, job, ...more]: readonly KeyedSegment[]): NamedPlace | undefined {
  if (!parent || job?.name !== 'jobs' || more.length > 0) return undefined;
  const id = parseId(parent.id);
  const jobId = parseJobId(job.id);
  if (id === undefined || jobId === undefined) return undefined;
  if (parent.name === 'shares') return { shareId: id, jobId };
  const isPullPrint = parent.name === 'pullprintprinters' || parent.cast === 'pullprintprinter';
  if (!isPullPrint && parent.name !== 'printers') return undefined;
  const printerId = isPullPrint ? `${PULL_PRINT}${id}` : id;
  // No printer may pass for a pull print printer.
  return isPullPrint || pullPrintId(id) === undefined ? { printerId, jobId } : undefined;
}

/**
 * The job that a `parentUrl`, `redirectedFrom` or `redirectedTo` names (resources/printtask.md, resources/printjob.md). Their
 * form is documented by examples only, so keys, casts and letter case of any OData form are accepted. The URL is never called.
 */
export function parseJobUrl(url: unknown): NamedPlace | undefined {
  if (typeof url === 'string' && PLAIN_JOB.test(url)) {
    const end = url.lastIndexOf('/');
    return { printerId: guidBefore(url, end - '/jobs'.length), jobId: url.slice(end + 1) };
  }
  const path = typeof url === 'string' ? /\/print(\/[^?#]*)$/i.exec(url)?.[1] : undefined;
  const segments = path === undefined ? undefined : readSegments(path);
  return segments && placeOfSegments(segments);
}

/** What the `resource` of a notification names: a task, or a job. Undefined for any other text. */
export function parseResource(resource: unknown): NamedPlace | { definitionId: string; taskId: string } | undefined {
  if (typeof resource === 'string' && PLAIN_TASK.test(resource)) {
    const { length } = resource;
    const definitionId = guidBefore(resource, length - GUID_LENGTH - '/tasks/'.length);
    return { definitionId, taskId: guidBefore(resource, length) };
  }
  const path = typeof resource === 'string' ? /^\/?print(\/.*)$/i.exec(resource)?.[1] : undefined;
  const segments = path === undefined ? undefined : readSegments(path);
  if (!segments) return undefined;
  const [definition, task, ...more] = segments;
  if (definition?.name !== 'taskdefinitions') return placeOfSegments(segments);
  const definitionId = parseId(definition.id);
  const taskId = parseId(task?.id);
  if (task?.name !== 'tasks' || more.length > 0 || !definitionId || !taskId) return undefined;
  return { definitionId, taskId };
}
