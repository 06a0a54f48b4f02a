import { ReceiverError } from '../shared/errors';
import type { BlobContainer, StoredText } from '../shared/storage/blobs';

/** A document in the container `config`, and where its replaced versions are kept. */
export interface DocumentPlace {
  blob: string;
  /** @param at ISO 8601 */
  historyBlob: (at: string) => string;
  /** The code of the error for another version than the expected one. */
  changedCode: 'rulesChanged' | 'fleetChanged';
  /** The verb that compares a file with the stored document. */
  compareVerb: string;
}

/** The stored document. Undefined when there is none. */
export async function readStored(
  blobs: BlobContainer,
  blob: string,
  mostBytes: number,
): Promise<StoredText | undefined> {
  const stored = await blobs.read(blob, { mostBytes });
  return stored === 'unchanged' ? undefined : stored;
}

/**
 * Stores a document in place of the version with this ETag, of which it keeps a copy. Without an ETag there must be none.
 *
 * @param stored the document as it is now
 * @param now ISO 8601
 * @returns the new ETag, without quotes
 * @throws ReceiverError `changedCode` when the stored version is another one
 */
export async function replaceStored(
  blobs: BlobContainer,
  place: DocumentPlace,
  change: { stored: StoredText | undefined; text: string; etag: string | undefined; now: string },
): Promise<string> {
  const { stored, text, etag, now } = change;
  if (stored?.etag !== withQuotes(etag)) throw changed(place, stored?.etag);
  if (stored && (await blobs.write(place.historyBlob(now), stored.text)) === undefined) {
    throw changed(place, stored.etag);
  }
  const written = await blobs.write(place.blob, text, stored?.etag);
  if (written === undefined) throw changed(place, stored?.etag);
  return withoutQuotes(written);
}

function changed({ blob, changedCode, compareVerb }: DocumentPlace, etag: string | undefined): ReceiverError {
  if (etag === undefined) {
    return new ReceiverError(changedCode, `${blob} does not exist`, { remedy: 'Omit --etag.' });
  }
  const shown = withoutQuotes(etag);
  return new ReceiverError(changedCode, `${blob} exists with ETag ${shown}`, {
    remedy: `Compare with ${compareVerb}. To replace this version, add --etag ${shown}`,
  });
}

/** ETags are quoted in HTTP, and quotes vanish in a shell. */
export function withoutQuotes(etag: string): string {
  return etag.replaceAll('"', '');
}

function withQuotes(etag: string | undefined): string | undefined {
  return etag === undefined ? undefined : `"${withoutQuotes(etag)}"`;
}
