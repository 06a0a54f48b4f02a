import type { ControlClient } from '../graphSimulator/control/controlClient';
import { findTenant } from './findNamed';

export interface PresetOptions {
  tenant?: string;
  count?: number;
  seconds?: number;
}

/** A fault with a name, over the control API of the simulator. */
export interface Preset {
  meaning: string;
  set(control: ControlClient, options: PresetOptions): Promise<unknown>;
  /** What is left of it; undefined when it is not set. */
  state(control: ControlClient): Promise<string | undefined>;
  clear(control: ControlClient): Promise<unknown>;
}

export type PresetName = keyof typeof PRESETS;

const OUTAGE_SECONDS = 60;
const RETRY_AFTER_SECONDS = 10;

/** Every fault of the command line. */
export const PRESETS = {
  'lose-next': {
    meaning: 'the next notification is lost. The sweep finds its job',
    set: (control, { count = 1 }) => control.setDelivery({ loseNext: count }),
    state: async (control) => left((await control.delivery()).loseNext, 'notification'),
    clear: (control) => control.setDelivery({ loseNext: 0 }),
  },
  'repeat-next': {
    meaning: 'the next notification is sent twice. The job takes effect once',
    set: (control, { count = 1 }) => control.setDelivery({ duplicateNext: count }),
    state: async (control) => left((await control.delivery()).duplicateNext, 'notification'),
    clear: (control) => control.setDelivery({ duplicateNext: 0 }),
  },
  throttle: {
    meaning: 'Graph answers the next 5 calls with 429. The app waits, and tries again',
    set: async (control, { count = 5, seconds = RETRY_AFTER_SECONDS, tenant }) => {
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
    meaning: 'Graph answers every call with 503, for a minute',
    set: (control, { seconds = OUTAGE_SECONDS }) => control.startOutage({ lastsMs: seconds * 1000 }),
    state: async (control) => {
      const outage = await control.outage();
      if (outage === undefined) return undefined;
      const { lastsMs } = outage;
      return lastsMs === undefined ? 'until it is cleared' : `lasts ${lastsMs / 1000} s`;
    },
    clear: (control) => control.endOutage(),
  },
  'no-consent': {
    meaning: 'a customer withdraws its consent. Its calls fail until it consents again',
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
  const rows: { fault: string; state: string; meaning: string }[] = [];
  for (const [fault, { meaning, state }] of Object.entries(PRESETS)) {
    rows.push({ fault, state: (await state(control)) ?? '', meaning });
  }
  return rows;
}

function left(count: number, what: string): string | undefined {
  return count > 0 ? `${count} ${what}${count === 1 ? '' : 's'} left` : undefined;
}
