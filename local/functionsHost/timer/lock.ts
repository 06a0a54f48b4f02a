import { RestError, type BlobLeaseClient, type ContainerClient } from '@azure/storage-blob';
import type { HostContext } from '../hostContext';

interface LockContext extends Pick<HostContext, 'config' | 'alarm' | 'now'> {
  readonly container: ContainerClient;
  readonly onTaken: () => void;
  readonly onLost: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps one blob lease while this host lives, so that one host per host id runs a timer. Renews it at half of
 * listenerLockPeriod. While another host has it, tries again every listenerLockRecoveryPollingInterval.
 */
export function keepLock(context: LockContext, name: string) {
  const { container, config, alarm, now, onTaken, onLost, onError } = context;
  const { lockPeriodMs: periodMs, recoveryIntervalMs: recoveryMs } = config.singleton;
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
  const keepFrom = (since: number) => {
    heldUntil = since + periodMs;
    later(periodMs / 2, renew);
  };

  async function acquire() {
    try {
      const candidate = blob.getBlobLeaseClient();
      await container.createIfNotExists();
      await blob.upload('', 0, { conditions: { ifNoneMatch: '*' } }).catch(ignoreConflict);
      const askedAt = now();
      await candidate.acquireLease(Math.round(periodMs / 1000));
      lease = candidate;
      keepFrom(askedAt);
      onTaken();
    } catch (error) {
      if (!isConflict(error)) onError(error);
      later(recoveryMs, acquire);
    }
  }

  async function renew() {
    cancel();
    const askedAt = now();
    try {
      await lease?.renewLease();
      keepFrom(askedAt);
    } catch (error) {
      onError(error);
      lease = undefined;
      onLost();
      await acquire();
    }
  }

  const firstAttempt = (inProgress = acquire());
  return {
    /** Resolves after the first attempt, successful or not. */
    firstAttempt,
    /** Whether this host has the lease now. Renews it first if it has expired by `now`. */
    async confirm(): Promise<boolean> {
      if (lease && now() >= heldUntil) {
        inProgress = inProgress.then(() => (lease && now() >= heldUntil ? renew() : undefined));
        await inProgress;
      }
      return lease !== undefined;
    },
    async release(): Promise<void> {
      released = true;
      cancel();
      await inProgress;
      await lease?.releaseLease().catch(() => undefined);
    },
  };
}

/** 409: another host has the lease, or the blob exists. 412: the blob exists and is leased. */
function isConflict(error: unknown): boolean {
  return error instanceof RestError && (error.statusCode === 409 || error.statusCode === 412);
}

function ignoreConflict(error: unknown): void {
  if (!isConflict(error)) throw error;
}
