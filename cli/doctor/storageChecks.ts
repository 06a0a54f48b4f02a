import type { Config } from '../../shared/config';
import { ReceiverError } from '../../shared/errors';
import { isRecord } from '../../shared/parse';
import type { BlobContainer } from '../../shared/storage/blobs';
import type { EntityTable } from '../../shared/storage/entityTable';
import type { QueueContents } from '../../shared/storage/queueContents';
import type { Finding } from './checks';
import { accessCommand, createCommand, type Resource } from './remedies';

/*
 * Permission to write is tried on what does not exist, so that nothing is stored: the service checks the permission first
 * and then answers that there is no such message, row or blob. A message with a short time to live would run a function.
 */

/** A GUID in base64, the form of a pop receipt (Put Message). No message has this id and this receipt. */
const NO_MESSAGE = {
  id: '00000000-0000-4000-8000-000000000000',
  receipt: Buffer.from('00000000-0000-4000-8000-000000000000').toString('base64'),
  text: '',
  insertedAt: 0,
};

/** Reads a queue, and updates and deletes a message that it does not have. */
export function checkQueue(deps: { config: Config; queue: QueueContents }, name: string): Promise<Finding> {
  const { queue } = deps;
  return tryResource(deps.config, { kind: 'queue', name }, [
    ['read', () => queue.peek()],
    ['write', () => queue.show(NO_MESSAGE)],
    ['delete', () => queue.remove(NO_MESSAGE)],
  ]);
}

const NO_ROW = { partitionKey: 'doctor', rowKey: 'doctor' };
/** The form of an ETag of the service. No row has it. */
const NO_ETAG = `W/"datetime'2000-01-01T00%3A00%3A00.0000000Z'"`;

/**
 * Reads a table, and deletes a row that it does not have. The insert is in a transaction with the replacement of that row,
 * which fails: all or nothing (Performing entity group transactions).
 */
export function checkTable(
  deps: { config: Config; table: Pick<EntityTable, 'get' | 'write' | 'remove'> },
  name: string,
): Promise<Finding> {
  const { table } = deps;
  const { partitionKey, rowKey } = NO_ROW;
  return tryResource(deps.config, { kind: 'table', name }, [
    ['read', () => table.get(partitionKey, rowKey, [])],
    ['write', () => table.write([{ replace: NO_ROW, etag: NO_ETAG }, { insert: { partitionKey, rowKey: 'doctor2' } }])],
    ['delete', () => table.remove(partitionKey, rowKey, NO_ETAG)],
  ]);
}

const NO_BLOB = 'doctor/no-such-blob';
/** The form of an ETag of the service. No blob has it. */
const NO_BLOB_ETAG = '"0x8D000000000000"';

/** Reads a container and, where the app writes to it, overwrites and deletes a blob that it does not have. */
export function checkContainer(
  deps: { config: Config; container: BlobContainer },
  name: string,
  { isWritten }: { isWritten: boolean },
): Promise<Finding> {
  const { container } = deps;
  return tryResource(deps.config, { kind: 'container', name }, [
    ['read', () => container.read(NO_BLOB, { mostBytes: 1 })],
    ...(isWritten
      ? ([
          ['write', () => container.write(NO_BLOB, '', NO_BLOB_ETAG)],
          ['delete', () => container.remove(NO_BLOB)],
        ] as const)
      : []),
  ]);
}

type Try = readonly [access: string, call: () => Promise<unknown>];

async function tryResource(config: Config, resource: Resource, tries: readonly Try[]): Promise<Finding> {
  const check = `${resource.kind} ${resource.name}`;
  const failed = { check, state: 'failed' } as const;
  for (const [access, call] of tries) {
    try {
      await call();
    } catch (error) {
      switch (statusOf(error)) {
        case 401:
        case 403: {
          const seen = `No permission to ${access}. A new role takes effect after a few minutes`;
          return { ...failed, seen, remedies: [accessCommand(config, resource)] };
        }
        case 404:
          return {
            ...failed,
            seen: `The ${resource.kind} does not exist`,
            remedies: [createCommand(config, resource)],
          };
        case 400: {
          const seen = `The service refused the try to ${access} for its form, so this permission is unknown`;
          return { check, state: 'warning', seen };
        }
        default:
          throw error;
      }
    }
  }
  return { check, state: 'ok', seen: `${tries.map(([access]) => access).join(', ')}` };
}

/** The status that the service answered, which the errors of shared/storage keep as their cause. */
function statusOf(error: unknown): number | undefined {
  const answer = error instanceof ReceiverError ? error.cause : error;
  const status = isRecord(answer) ? answer['statusCode'] : undefined;
  return typeof status === 'number' ? status : undefined;
}
