import { RestError, type BlobLeaseClient, type ContainerClient } from '@azure/storage-blob';
import type { Alarm } from '../createAlarm';
import type { SingletonOptions } from '../settings/parseHostJson';

export interface Lock {
  /** Resolves after the first attempt, whether it took the lock or not. */
  readonly firstAttempt: Promise<void>;
  /** Whether the lease is ours now; renews it first when its time is over by `now`. */
  confirm(): Promise<boolean>;
  release(): Promise<void>;
}

interface LockDependencies {
  readonly container: ContainerClient;
  readonly options: SingletonOptions;
  readonly alarm: Alarm;
  readonly now: () => number;
  readonly onHeld: () => void;
  readonly onLost: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Holds one blob lease as long as this host lives, so that one host per host id runs a timer: renewed at half of
 * listenerLockPeriod, tried again each listenerLockRecoveryPollingInterval while another has it.
 */
export function holdLock(dependencies: LockDependencies, name: string): Lock {
  const { container, options, alarm, now, onHeld, onLost, onError } = dependencies;
  const blob = container.getBlockBlobClient(name);
  let lease: BlobLeaseClient | undefined;
  let heldUntil = 0;
  let released = false;
  let cancel: () => void = () => undefined;
  let underWay = Promise.resolve();

  const later = (ms: number, step: () => Promise<void>) => {
    if (released) return;
    cancel = alarm.at(now() + ms, () => {
      underWay = underWay.then(step);
    });
  };

  async function acquire() {
    try {
      const candidate = blob.getBlobLeaseClient();
      await createBlob();
      const askedAt = now();
      await candidate.acquireLease(Math.round(options.listenerLockPeriodMs / 1000));
      lease = candidate;
      heldUntil = askedAt + options.listenerLockPeriodMs;
      later(options.listenerLockPeriodMs / 2, renew);
      onHeld();
    } catch (error) {
      if (!isConflict(error)) onError(error);
      later(options.listenerLockRecoveryPollingIntervalMs, acquire);
    }
  }

  async function createBlob() {
    await container.createIfNotExists();
    try {
      await blob.upload('', 0, { conditions: { ifNoneMatch: '*' } });
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }

  async function renew() {
    cancel();
    const askedAt = now();
    try {
      await lease?.renewLease();
      heldUntil = askedAt + options.listenerLockPeriodMs;
      later(options.listenerLockPeriodMs / 2, renew);
    } catch (error) {
      onError(error);
      lease = undefined;
      onLost();
      await acquire();
    }
  }

  const firstAttempt = (underWay = acquire());
  return {
    firstAttempt,
    async confirm() {
      if (lease && now() >= heldUntil) {
        underWay = underWay.then(() => (lease && now() >= heldUntil ? renew() : undefined));
        await underWay;
      }
      return lease !== undefined;
    },
    async release() {
      released = true;
      cancel();
      await underWay;
      await lease?.releaseLease().catch(() => undefined);
    },
  };
}

/** 409 lease held by another or blob there, 412 blob there under a lease. */
function isConflict(error: unknown): boolean {
  return error instanceof RestError && (error.statusCode === 409 || error.statusCode === 412);
}
