import { RestError, type BlobLeaseClient, type ContainerClient } from '@azure/storage-blob';
import type { Alarm } from '../alarm';
import type { HostConfig } from '../settings/hostJson';

export interface Lock {
  /** Resolves after the first attempt, successful or not. */
  readonly firstAttempt: Promise<void>;
  /** Whether this host holds the lease now. Renews it first if it has expired by `now`. */
  confirm(): Promise<boolean>;
  release(): Promise<void>;
}

interface LockDependencies {
  readonly container: ContainerClient;
  readonly options: HostConfig['singleton'];
  readonly alarm: Alarm;
  readonly now: () => number;
  readonly onHeld: () => void;
  readonly onLost: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Holds one blob lease while this host lives, so that one host per host id runs a timer. Renews it at half of
 * listenerLockPeriod. While another host holds it, tries again every listenerLockRecoveryPollingInterval.
 */
export function holdLock(dependencies: LockDependencies, name: string): Lock {
  const { container, options, alarm, now, onHeld, onLost, onError } = dependencies;
  const { lockPeriodMs: periodMs, recoveryIntervalMs: recoveryMs } = options;
  const blob = container.getBlockBlobClient(name);
  let lease: BlobLeaseClient | undefined;
  let heldUntil = 0;
  let released = false;
  let cancel: () => void = () => undefined;
  let inProgress = Promise.resolve();

  const later = (ms: number, step: () => Promise<void>) => {
    if (released) return;
    cancel = alarm.at(now() + ms, () => {
      inProgress = inProgress.then(step);
    });
  };
  const held = (since: number) => {
    heldUntil = since + periodMs;
    later(periodMs / 2, renew);
  };

  async function acquire() {
    try {
      const candidate = blob.getBlobLeaseClient();
      await createBlob();
      const askedAt = now();
      await candidate.acquireLease(Math.round(periodMs / 1000));
      lease = candidate;
      held(askedAt);
      onHeld();
    } catch (error) {
      if (!isConflict(error)) onError(error);
      later(recoveryMs, acquire);
    }
  }

  async function createBlob() {
    await container.createIfNotExists();
    await blob.upload('', 0, { conditions: { ifNoneMatch: '*' } }).catch((error: unknown) => {
      if (!isConflict(error)) throw error;
    });
  }

  async function renew() {
    cancel();
    const askedAt = now();
    try {
      await lease?.renewLease();
      held(askedAt);
    } catch (error) {
      onError(error);
      lease = undefined;
      onLost();
      await acquire();
    }
  }

  const firstAttempt = (inProgress = acquire());
  return {
    firstAttempt,
    async confirm() {
      if (lease && now() >= heldUntil) {
        inProgress = inProgress.then(() => (lease && now() >= heldUntil ? renew() : undefined));
        await inProgress;
      }
      return lease !== undefined;
    },
    async release() {
      released = true;
      cancel();
      await inProgress;
      await lease?.releaseLease().catch(() => undefined);
    },
  };
}

/** 409: another host holds the lease, or the blob exists. 412: the blob exists and is leased. */
function isConflict(error: unknown): boolean {
  return error instanceof RestError && (error.statusCode === 409 || error.statusCode === 412);
}
