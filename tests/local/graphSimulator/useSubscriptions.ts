import { fetchableFilter, tenantA } from './harness';
import type { Harness, Receiver } from './harness';
import { useReceiver } from './useReceiver';

/** Starts a simulator and a receiver for the tests of a file, with a fresh scene before each. */
export function useSubscriptions() {
  let harness: Harness;
  let receiver: Receiver;
  let scene: Awaited<ReturnType<Harness['scene']>>;
  useReceiver((started, listening) => {
    harness = started;
    receiver = listening;
  });
  beforeEach(async () => {
    scene = await harness.scene();
    receiver.clear();
  });

  const subscribe = async (change: Record<string, unknown>, tenantId = tenantA): Promise<string> => {
    const answer = await harness.graph(
      'POST',
      '/subscriptions',
      {
        notificationUrl: receiver.url,
        lifecycleNotificationUrl: receiver.url,
        expirationDateTime: harness.inMinutes(4200),
        clientState: 'state',
        ...change,
      },
      { token: `development.${tenantId}` },
    );
    expect(answer.status).toBe(201);
    return String(answer.body['id']);
  };

  return {
    harness: () => harness,
    receiver: () => receiver,
    scene: () => scene,
    subscribe,
    watchTasks: (of = scene) =>
      subscribe({ changeType: 'created', resource: `print/taskDefinitions/${of.definition}/tasks` }, of.tenantId),
    watchPrinter: (printer: string) =>
      subscribe({
        changeType: 'updated',
        resource: `print/printers/${printer}/jobs`,
        notificationQueryOptions: fetchableFilter,
      }),
    /** Puts Date forward; whatever falls due by then happens before the next answer. */
    forward: async (minutes: number) => {
      harness.clock.aheadMs += minutes * 60_000;
      await harness.control.state();
    },
    /** The lifecycle events that the receiver got so far. */
    events: async () => {
      expect(await harness.control.idle()).toBe(true);
      return receiver.items().flatMap(({ lifecycleEvent }) => (lifecycleEvent === undefined ? [] : [lifecycleEvent]));
    },
    /** The tasks that the receiver got so far. */
    notifiedTasks: async () => {
      expect(await harness.control.idle()).toBe(true);
      return receiver
        .items()
        .flatMap(({ resource }) => (typeof resource === 'string' ? [resource.split('/').at(-1)] : []));
    },
    printPaused: async () => {
      const [job] = await harness.control.print(tenantA, { printerId: scene.triggered });
      return job?.taskId ?? '';
    },
  };
}
