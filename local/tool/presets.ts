import { randomUUID } from 'node:crypto';
import type { ControlClient } from '../graphSimulator/control/controlClient';
import { ToolError } from './context';
import { findTenant } from './findNamed';

export interface PresetOptions {
  /** Id or name of a customer. */
  tenant?: string;
  count?: number;
  seconds?: number;
}

/** A fault with a name, over the control API of the simulator. */
export interface Preset {
  meaning: string;
  /** The options that change what it does. */
  takes: readonly (keyof PresetOptions)[];
  /** False for one that is over as soon as it has happened. */
  canClear: boolean;
  set(control: ControlClient, options: PresetOptions): Promise<unknown>;
  /** What is left of it; undefined when it is not set. */
  state(control: ControlClient): Promise<string | undefined>;
  clear(control: ControlClient): Promise<unknown>;
}

export type PresetName = keyof typeof PRESETS;

const OUTAGE_SECONDS = 60;
/** The app tries again after each Retry-After, so that a job is released within half a minute. */
const THROTTLED_CALLS = 2;
const RETRY_AFTER_SECONDS = 5;
/** A bound on an app that does not answer. Graph waits 3 s. */
const POST_LIMIT_MS = 10_000;

/** Every fault of the command line, and of the console, which can kill the app as well. */
export const PRESETS = {
  'lose-next': {
    meaning: 'the next notification is lost. The sweep finds its job',
    takes: ['count'],
    canClear: true,
    set: (control, { count = 1 }) => control.setDelivery({ loseNext: count }),
    state: async (control) => left((await control.delivery()).loseNext, 'notification'),
    clear: (control) => control.setDelivery({ loseNext: 0 }),
  },
  'repeat-next': {
    meaning: 'the next notification is sent twice. The job takes effect once',
    takes: ['count'],
    canClear: true,
    set: (control, { count = 1 }) => control.setDelivery({ duplicateNext: count }),
    state: async (control) => left((await control.delivery()).duplicateNext, 'notification'),
    clear: (control) => control.setDelivery({ duplicateNext: 0 }),
  },
  throttle: {
    meaning: 'Graph answers the next 2 calls with 429. The app waits, and tries again',
    takes: ['count', 'seconds', 'tenant'],
    canClear: true,
    set: async (control, { count = THROTTLED_CALLS, seconds = RETRY_AFTER_SECONDS, tenant }) => {
      const tenantId = tenant === undefined ? undefined : findTenant(await control.state(), tenant).tenantId;
      const action = { type: 'status', status: 429, retryAfterSeconds: seconds } as const;
      return control.addFault({ id: 'throttle', count, action, ...(tenantId !== undefined && { tenantId }) });
    },
    state: async (control) => {
      const fault = (await control.faults()).find(({ id }) => id === 'throttle');
      return fault && left(fault.count - fault.acted, 'call');
    },
    // A rule that has nothing left to do.
    clear: (control) => control.addFault({ id: 'throttle', count: 0, action: { type: 'status', status: 429 } }),
  },
  outage: {
    meaning: 'Graph answers every call with 503, for a minute. The app waits longer and longer between its tries',
    takes: ['seconds'],
    canClear: true,
    set: (control, { seconds = OUTAGE_SECONDS }) => control.startOutage({ lastsMs: seconds * 1000 }),
    state: async (control) => {
      const outage = await control.outage();
      if (outage === undefined) return undefined;
      const { lastsMs } = outage;
      return lastsMs === undefined ? 'until it is cleared' : `lasts ${lastsMs / 1000} s`;
    },
    clear: (control) => control.endOutage(),
  },
  forge: {
    meaning: 'another party posts a notification to the app. The app refuses it, and stores and fetches nothing',
    takes: ['tenant'],
    canClear: false,
    set: forgeNotification,
    state: () => Promise.resolve(undefined),
    clear: () => Promise.resolve(),
  },
  'no-consent': {
    meaning: 'a customer withdraws its consent. Its calls fail until it consents again',
    takes: ['tenant'],
    canClear: true,
    set: async (control, { tenant }) =>
      control.setConsent(findTenant(await control.state(), tenant).tenantId, { granted: false }),
    state: async (control) => {
      const without = (await control.state()).tenants.filter(({ consentRevoked }) => consentRevoked);
      return without.length === 0 ? undefined : without.map(({ name }) => name).join(', ');
    },
    clear: async (control) => {
      for (const { tenantId, consentRevoked } of (await control.state()).tenants) {
        if (consentRevoked) await control.setConsent(tenantId, { granted: true });
      }
    },
  },
} as const satisfies Record<string, Preset>;

/** Every fault with what is left of it; state '' when it is not set. */
export async function describePresets(control: ControlClient) {
  const rows: { fault: PresetName; state: string; meaning: string }[] = [];
  for (const [fault, { meaning, state }] of Object.entries(PRESETS)) {
    rows.push({ fault: fault as PresetName, state: (await state(control)) ?? '', meaning });
  }
  return rows;
}

/**
 * Posts what another party can know: the URL, the ids of a subscription, and the form of a notification
 * (resources/changenotificationcollection.md). The clientState is not that of the subscription.
 *
 * @returns the status of the answer
 * @throws ToolError when there is no subscription, or the app does not answer
 */
export async function forgeNotification(control: ControlClient, { tenant }: PresetOptions): Promise<number> {
  const tenantId = tenant === undefined ? undefined : findTenant(await control.state(), tenant).tenantId;
  const [subscription] = await control.subscriptions(tenantId === undefined ? {} : { tenantId });
  if (!subscription) throw new ToolError('The local cloud has no subscription to forge a notification of.');
  const { id: subscriptionId, kind, targetId, expiresAt, notificationUrl } = subscription;
  const id = randomUUID();
  const resource =
    kind === 'jobStarted' ? `print/taskDefinitions/${targetId}/tasks/${id}` : `print/printers/${targetId}/jobs/${id}`;
  const item = {
    subscriptionId,
    subscriptionExpirationDateTime: new Date(expiresAt).toISOString(),
    tenantId: subscription.tenantId,
    clientState: forgedState(subscription.clientState ?? ''),
    changeType: kind === 'jobStarted' ? 'created' : 'updated',
    resource,
    resourceData: { '@odata.id': resource, id },
  };
  const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const signal = AbortSignal.timeout(POST_LIMIT_MS);
  const sent = fetch(notificationUrl, { ...init, signal, body: JSON.stringify({ value: [item] }) });
  const { status } = await sent.catch(() => ({ status: 0 }));
  if (status === 0) throw new ToolError('The app does not answer the forged notification. Try it again in a moment.');
  return status;
}

/** A clientState of the right form and length. Its last characters, which are those of its signature, are others. */
function forgedState(state: string): string {
  return state.replace(/[A-Za-z0-9_-]{1,12}$/, (end) => [...end].map((one) => (one === 'A' ? 'B' : 'A')).join(''));
}

function left(count: number, what: string): string | undefined {
  return count > 0 ? `${count} ${what}${count === 1 ? '' : 's'} left` : undefined;
}
