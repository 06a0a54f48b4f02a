import type { KeyRing } from '../../shared/config';
import { createHash, createHmac } from 'node:crypto';
import { testKey } from './testKey';

const TEST_KEY = testKey(7);
export const TEST_RING: KeyRing = [{ keyId: 'k1', key: TEST_KEY }];
/** The same ring as the setting CLIENT_STATE_KEYS. */
export const TEST_KEYS_SETTING = `k1:${TEST_KEY.toString('base64')}`;

export const TENANT_A = 'aaaaaaaa-0000-4000-8000-000000000001';
export const TENANT_B = 'bbbbbbbb-0000-4000-8000-000000000002';
export const DEFINITION = 'dddddddd-0000-4000-8000-000000000003';
export const TASK = 'eeeeeeee-0000-4000-8000-000000000004';
export const PRINTER = 'cccccccc-0000-4000-8000-000000000005';
export const SUBSCRIPTION = 'ffffffff-0000-4000-8000-000000000006';
export const JOB = '5182';
/** ENTRA_CLIENT_ID of these tests and of the local cloud. */
export const CLIENT_ID = '7c9f6a52-1d0e-4b7f-9f43-5f0c7c1de001';

/**
 * A clientState as docs/decisions/0002 spells it, computed here from the bare definition and not by the product:
 * `{keyId}.{generation}.{tag}.{mac}`.
 */
export function stateFor(options: {
  kind?: string;
  id?: string;
  tenantId?: string;
  generation?: number | string;
  keyId?: string;
  key?: Buffer;
  clientId?: string;
}): string {
  const { kind = 'jobStarted', id = DEFINITION, tenantId = TENANT_A, generation = 0, keyId = 'k1' } = options;
  const { clientId = CLIENT_ID } = options;
  const tag = createHash('sha256').update(`${kind}:${id}`).digest('base64url').slice(0, 22);
  const mac = createHmac('sha256', options.key ?? TEST_KEY)
    .update(`${keyId}.${generation}.${tenantId}.${clientId}.${tag}`)
    .digest('base64url');
  return `${keyId}.${generation}.${tag}.${mac}`;
}

type Item = Record<string, unknown>;

/** A JobStarted notification as microsoftgraph/universalprint-samples reads it, with some of its fields replaced. */
export function startedItem(replaced: Item = {}): Item {
  const resource = `print/taskDefinitions/${DEFINITION}/tasks/${TASK}`;
  return {
    subscriptionId: SUBSCRIPTION,
    subscriptionExpirationDateTime: '2026-11-24T20:10:00.0000000Z',
    tenantId: TENANT_A,
    changeType: 'created',
    clientState: stateFor({}),
    resource,
    resourceData: {
      id: TASK,
      '@odata.type': '#Microsoft.Graph.PrintTask',
      '@odata.id': resource,
      '@odata.etag': 'W/"1"',
      parentUrl: `https://graph.microsoft.com/v1.0/print/printers/${PRINTER}/jobs/${JOB}`,
    },
    ...replaced,
  };
}

/** A JobFetchable notification (azure-docs event-grid/cloud-printing-events.md; the @odata.type is that page's own slip). */
export function fetchableItem(replaced: Item = {}): Item {
  const resource = `print/printers/${PRINTER}/jobs/${JOB}`;
  return {
    subscriptionId: SUBSCRIPTION,
    subscriptionExpirationDateTime: '2026-11-24T20:10:00.0000000Z',
    tenantId: TENANT_A,
    changeType: 'updated',
    clientState: stateFor({ kind: 'jobFetchable', id: PRINTER }),
    resource,
    resourceData: { id: JOB, '@odata.type': '#microsoft.graph.todoTask', '@odata.id': resource },
    ...replaced,
  };
}

/** A lifecycle notification: it has no resource (concepts/change-notifications-lifecycle-events.md). */
export function lifecycleItem(replaced: Item = {}): Item {
  return {
    subscriptionId: SUBSCRIPTION,
    subscriptionExpirationDateTime: '2026-11-24T20:10:00.0000000Z',
    tenantId: TENANT_A,
    clientState: stateFor({}),
    lifecycleEvent: 'reauthorizationRequired',
    ...replaced,
  };
}

/** The body of a POST with these items. */
export function bodyOf(...items: unknown[]): Buffer {
  return Buffer.from(JSON.stringify({ value: items }));
}
