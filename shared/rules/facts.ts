import { isRecord, parseText } from '../parse';

/** The events that rules decide on. */
export type RuleEvent = 'jobStarted' | 'jobFetchable';

/** What rules may ask of a job. What Graph did not give is undefined, and no condition holds for it. */
export interface JobFacts {
  event: RuleEvent;
  printer: { id: string; name?: string; /** Every text of its location. */ location: readonly string[] };
  user: { id?: string; name?: string; principalName?: string };
  /** The printJobConfiguration as Graph gave it. */
  configuration: Readonly<Record<string, unknown>>;
  documents: readonly { contentType?: string; /** Bytes. */ size?: number }[];
  /** Milliseconds since 1970. */
  createdAt?: number;
  isRedirected: boolean;
}

/** What Graph gave of a job, unparsed. */
export interface JobSource {
  event: RuleEvent;
  printerId: string;
  /** The printJob (resources/printjob.md). */
  job: Readonly<Record<string, unknown>>;
  /** Its printDocuments, where they were read (resources/printdocument.md). */
  documents?: unknown;
  /** Its printer, where it was read (resources/printer.md). */
  printer?: unknown;
}

/** The facts in what Graph gave. Fields of another type than documented count as missing. */
export function readFacts({ event, printerId, job, documents, printer }: JobSource): JobFacts {
  const { displayName: name, location } = recordOf(printer);
  const user = recordOf(job['createdBy']);
  const createdAt = Date.parse(parseText(job['createdDateTime']));
  return {
    event,
    printer: { id: printerId, ...named('name', name), location: Object.values(recordOf(location)).flatMap(textsOf) },
    user: {
      ...named('id', user['id']),
      ...named('name', user['displayName']),
      ...named('principalName', user['userPrincipalName']),
    },
    configuration: recordOf(job['configuration']),
    documents: (Array.isArray(documents) ? documents : []).map((document) => {
      const { contentType, size } = recordOf(document);
      return { ...named('contentType', contentType), ...(typeof size === 'number' ? { size } : {}) };
    }),
    ...(Number.isNaN(createdAt) ? {} : { createdAt }),
    isRedirected: parseText(job['redirectedFrom']) !== '',
  };
}

/**
 * A job in a file: a job event of this product, or an object with `printerId`, `job` (a printJob) and, where they matter,
 * `event`, `documents` and `printer`. Undefined for anything else.
 */
export function parseJobSource(value: unknown): JobSource | undefined {
  const { type, data } = recordOf(value);
  const { printerId, job, documents, printer, event } = isRecord(data) ? data : recordOf(value);
  const isFetchable = type === 'print.job.fetchable' || event === 'jobFetchable';
  if (typeof printerId !== 'string' || !isRecord(job)) return undefined;
  return { event: isFetchable ? 'jobFetchable' : 'jobStarted', printerId, job, documents, printer };
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function named<Name extends string>(name: Name, value: unknown): Partial<Record<Name, string>> {
  const texts: Partial<Record<Name, string>> = {};
  if (typeof value === 'string') texts[name] = value;
  return texts;
}

/** The texts in a field of a printerLocation: some hold one, some a list (resources/printerlocation.md). */
function textsOf(value: unknown): string[] {
  return [value].flat().filter((one) => typeof one === 'string');
}
