import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobEvent } from './jobEvent';

/**
 * Processes an event: this example stores it as a file named by its `id`. With a database, insert the `id` into a table with a
 * unique key, in the transaction that stores your result.
 *
 * @returns false when the event was stored before
 */
export async function storeOnce(folder: string, event: JobEvent): Promise<boolean> {
  await mkdir(folder, { recursive: true });
  const name = createHash('sha256').update(event.id).digest('hex');
  const written = join(folder, `${randomUUID()}.tmp`);
  await writeFile(written, JSON.stringify(event));
  try {
    // Fails when the file exists, also beside another consumer, and a crash leaves no half a file.
    await link(written, join(folder, `${name}.json`));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(written, { force: true });
  }
}
