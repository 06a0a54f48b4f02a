/** A job as an event shows it. */
export interface ShownJob {
  /** The documented fields of printJob. */
  fields: Readonly<Record<string, unknown>>;
  documents?: readonly unknown[] | undefined;
}

/** A job of which something may have been shortened or left out. */
export interface ShortenedJob extends ShownJob {
  /** What is missing, such as `documents`, `job.errorCode` or `documents.displayName`: the texts of this name end with "…". */
  truncated: readonly string[];
}

/** What accounting needs. It goes last. */
const ACCOUNTING: ReadonlySet<string> = new Set([
  'createdBy',
  'createdDateTime',
  'acknowledgedDateTime',
  'status',
  'configuration',
]);

/** The longest texts in bytes of UTF-8, tried one after the other. Names of documents and people are shorter. */
const TEXT_LIMITS = [1024, 256, 64];

/**
 * Makes a job fit. Its texts are shortened first: those of the documents and of the fields beside accounting. Then the
 * documents and those fields go, the largest first. The texts of the accounting fields follow, and only if they do not fit
 * alone, these fields.
 *
 * @param fits whether this is small enough
 */
export function shortenJob(job: ShownJob, fits: (shortened: ShortenedJob) => boolean): ShortenedJob {
  for (const shortened of shorterAndShorter(job)) if (fits(shortened)) return shortened;
  return { fields: {}, truncated: ['documents', 'job'] };
}

function* shorterAndShorter(job: ShownJob): Generator<ShortenedJob> {
  yield { ...job, truncated: [] };
  const names = Object.keys(job.fields);
  const others = largestFirst(
    job,
    names.filter((name) => !ACCOUNTING.has(name)),
  );
  const accounting = largestFirst(
    job,
    names.filter((name) => ACCOUNTING.has(name)),
  );
  for (const limit of TEXT_LIMITS) yield shortenTexts(job, limit, others);

  const dropped: string[] = [];
  let left: ShownJob = job;
  const drop = (name: string): ShownJob => {
    dropped.push(name);
    return without(left, name);
  };
  if (job.documents !== undefined) {
    left = drop('documents');
    yield { ...left, truncated: [...dropped] };
  }
  for (const name of others) {
    left = drop(`job.${name}`);
    yield { ...left, truncated: [...dropped] };
  }
  for (const limit of TEXT_LIMITS) {
    const shortened = shortenTexts(left, limit, accounting);
    yield { ...shortened, truncated: [...dropped, ...shortened.truncated] };
  }
  for (const name of accounting) {
    left = drop(`job.${name}`);
    const shortened = shortenTexts(left, TEXT_LIMITS.at(-1) ?? 0, accounting);
    yield { ...shortened, truncated: [...dropped, ...shortened.truncated] };
  }
}

function without({ fields, documents }: ShownJob, name: string): ShownJob {
  if (name === 'documents') return { fields };
  const kept = Object.entries(fields).filter(([field]) => `job.${field}` !== name);
  return { fields: Object.fromEntries(kept), documents };
}

function largestFirst({ fields }: ShownJob, names: string[]): string[] {
  const sizes = new Map(names.map((name) => [name, JSON.stringify(fields[name])?.length ?? 0]));
  return names.sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0));
}

/** Shortens the texts of the documents and of the fields `names`. */
function shortenTexts({ fields, documents }: ShownJob, limit: number, names: readonly string[]): ShortenedJob {
  const truncated = new Set<string>();
  const shorten = (value: unknown, path: string): unknown => {
    if (typeof value === 'string') {
      const text = shortenText(value, limit);
      if (text !== value) truncated.add(path);
      return text;
    }
    if (Array.isArray(value)) return value.map((item: unknown) => shorten(item, path));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shorten(inner, `${path}.${name}`)]));
  };
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    names.includes(name) ? shorten(value, `job.${name}`) : value,
  ]);
  const shown = documents?.map((document) => shorten(document, 'documents'));
  return {
    fields: Object.fromEntries(entries) as Record<string, unknown>,
    ...(shown === undefined ? {} : { documents: shown }),
    truncated: [...truncated],
  };
}

const MARK = '…';

/** The text in at most `limit` bytes of UTF-8. A shortened text ends with the mark and never within a character. */
function shortenText(text: string, limit: number): string {
  if (Buffer.byteLength(text) <= limit) return text;
  let room = limit - Buffer.byteLength(MARK);
  let end = 0;
  for (const character of text) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    end += character.length;
  }
  return text.slice(0, end) + MARK;
}
