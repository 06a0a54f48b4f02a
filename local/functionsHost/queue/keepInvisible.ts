import type { QueueClient } from '@azure/storage-queue';
import type { Alarm } from '../createAlarm';

/** Hold on one message while its function runs. */
export interface Hold {
  /** Ends the renewals, waits for one under way and returns the pop receipt that is valid now. */
  end(): Promise<string>;
}

interface HoldDependencies {
  readonly client: Pick<QueueClient, 'updateMessage'>;
  readonly alarm: Alarm;
  readonly now: () => number;
  readonly leaseMs: number;
  readonly onError: (error: unknown) => void;
}

/** Renews a message's invisibility at half of the lease (10 minutes, renewed every 5, in QueueListener.cs). */
export function keepInvisible(
  { client, alarm, now, leaseMs, onError }: HoldDependencies,
  message: { readonly messageId: string; readonly popReceipt: string },
): Hold {
  let { popReceipt } = message;
  let underWay = Promise.resolve();
  let cancel = schedule();

  function schedule() {
    return alarm.at(now() + leaseMs / 2, () => {
      underWay = renew();
    });
  }
  async function renew() {
    try {
      const renewed = await client.updateMessage(
        message.messageId,
        popReceipt,
        undefined,
        Math.round(leaseMs / 1000),
      );
      popReceipt = renewed.popReceipt ?? popReceipt;
    } catch (error) {
      onError(error);
    }
    cancel = schedule();
  }
  return {
    async end() {
      cancel();
      await underWay;
      cancel();
      return popReceipt;
    },
  };
}
