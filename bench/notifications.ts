import { randomUUID } from 'node:crypto';
import type { KeyRing } from '../shared/config';
import { signClientState, watchTag } from '../shared/watches/clientState';

export const BENCH_RING: KeyRing = [{ keyId: 'bench', key: Buffer.alloc(32, 1) }];
export const BENCH_KEYS_SETTING = `bench:${Buffer.alloc(32, 1).toString('base64')}`;

/** The body of a POST with `count` JobStarted notifications of as many watches, in the shape that Graph sends. */
export function notificationBody(count: number): Buffer {
  const value = Array.from({ length: count }, () => {
    const tenantId = randomUUID();
    const definitionId = randomUUID();
    const taskId = randomUUID();
    const resource = `print/taskDefinitions/${definitionId}/tasks/${taskId}`;
    const tag = watchTag({ kind: 'jobStarted', id: definitionId });
    return {
      subscriptionId: randomUUID(),
      subscriptionExpirationDateTime: '2026-11-24T20:10:00.0000000Z',
      tenantId,
      changeType: 'created',
      clientState: signClientState(BENCH_RING, { tenantId, tag, generation: 0 }),
      resource,
      resourceData: {
        id: taskId,
        '@odata.type': '#Microsoft.Graph.PrintTask',
        '@odata.id': resource,
        '@odata.etag': 'W/"1"',
        parentUrl: `https://graph.microsoft.com/v1.0/print/printers/${randomUUID()}/jobs/5182`,
      },
    };
  });
  return Buffer.from(JSON.stringify({ value }));
}
