import type {
  CallRecord,
  DeviceCodeState,
  FaultRule,
  FaultState,
  ListedJob,
  MemoryCounts,
  OpenTask,
  OutageOrder,
  PrintedJob,
  PrintOrder,
  SimulatorState,
  SubscriptionState,
  Violation,
} from './controlTypes';
import type { DeliveryAttempt } from './deliveryTypes';
import type { DeliveryOptions } from './deliveryOptions';
import type { TokenDefect } from './validationTokens';
import type { Variants } from './variants';

/** The control API as functions; each rejects with the method, path, status and message of a refused call. */
export type ControlClient = ReturnType<typeof createControlClient>;

/** Speaks to the control API at `controlUrl` (as the ready line names it). */
export function createControlClient(controlUrl: string) {
  // The answer's type is the simulator's promise, tested on its side; this client is used by tests and the demo only.
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${controlUrl}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${String(response.status)}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
  const list = async <T>(path: string): Promise<T[]> => (await call<{ value: T[] }>('GET', path)).value;
  const losses = async <T>(path: string, order: unknown): Promise<T[]> =>
    (await call<{ value: T[] }>('POST', path, order)).value;
  const queryOf = (order: Record<string, string | number | undefined>): string => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(order))
      if (value !== undefined) query.set(name, String(value));
    return `?${query.toString()}`;
  };
  const jobAction = (action: string) => (job: { tenantId: string; printerId: string; jobId: string }) =>
    call<{ jobId: string; state: string }>(
      'POST',
      `/tenants/${job.tenantId}/printers/${job.printerId}/jobs/${job.jobId}/${action}`,
    );

  return {
    createTenant: (tenant: { tenantId: string; roles?: string[]; name?: string }) =>
      call<{ tenantId: string }>('POST', '/tenants', tenant),
    setRoles: (tenantId: string, roles: string[]) =>
      call<unknown>('PATCH', `/tenants/${tenantId}`, { roles }),
    createPrinter: (tenantId: string, printer: { id?: string; displayName?: string } = {}) =>
      call<{ id: string }>('POST', `/tenants/${tenantId}/printers`, printer),
    createDefinition: (tenantId: string, definition: { id?: string; displayName: string; appId?: string }) =>
      call<{ id: string }>('POST', `/tenants/${tenantId}/definitions`, definition),
    createTrigger: (tenantId: string, trigger: { printerId: string; definitionId: string }) =>
      call<{ id: string }>('POST', `/tenants/${tenantId}/triggers`, trigger),
    deleteTrigger: (tenantId: string, triggerId: string) =>
      call<undefined>('DELETE', `/tenants/${tenantId}/triggers/${triggerId}`),
    print: async (tenantId: string, order: PrintOrder): Promise<PrintedJob[]> =>
      (await call<{ jobs: PrintedJob[] }>('POST', `/tenants/${tenantId}/jobs`, order)).jobs,
    acquireJob: jobAction('acquire'),
    completeJob: jobAction('complete'),
    cancelJob: jobAction('cancel'),
    abortJob: jobAction('abort'),
    releaseJob: jobAction('release'),
    state: () => call<SimulatorState>('GET', '/state'),
    dropSubscription: (id: string) => call<undefined>('DELETE', `/subscriptions/${id}`),
    sendLifecycle: (subscriptionId: string, lifecycleEvent: string) =>
      call<undefined>('POST', '/lifecycle', { subscriptionId, lifecycleEvent }),
    delivery: () => call<DeliveryOptions>('GET', '/delivery'),
    setDelivery: (options: Partial<DeliveryOptions>) => call<DeliveryOptions>('PATCH', '/delivery', options),
    deliveries: () => list<DeliveryAttempt>('/deliveries'),
    redeliver: (
      match: { jobId?: string; taskId?: string; tenantId?: string; printerId?: string } = {},
      times = 1,
    ) => call<{ items: number }>('POST', '/redeliver', { match, times }),
    notify: (order: { url: string; body: unknown; contentType?: string; timeoutMs?: number }) =>
      call<{ status?: number; contentType?: string; body?: string; error?: string }>(
        'POST',
        '/notify',
        order,
      ),
    idle: async (timeoutMs = 30_000): Promise<boolean> =>
      (await call<{ idle: boolean }>('GET', `/idle?timeoutMs=${String(timeoutMs)}`)).idle,
    addFault: (rule: FaultRule) => call<FaultState>('POST', '/faults', rule),
    faults: () => list<FaultState>('/faults'),
    clearFaults: () => call<undefined>('DELETE', '/faults'),
    removeFault: (id: string) => call<undefined>('DELETE', `/faults/${id}`),
    /** Calls to Graph in the order they came, later than `n` = after; `all` adds token calls and downloads. */
    calls: (target: 'graph' | 'token' | 'download' | 'all' = 'graph', after = 0) =>
      list<CallRecord>(`/calls?target=${target}&after=${String(after)}`),
    clearCalls: () => call<undefined>('DELETE', '/calls'),
    violations: () => list<Violation>('/violations'),
    variants: () => call<Variants>('GET', '/variants'),
    setVariants: (variants: Partial<Variants>) => call<Variants>('PATCH', '/variants', variants),
    mintValidationToken: async (order: {
      tenantId: string;
      appId?: string;
      form?: 'v1' | 'v2';
      defects?: TokenDefect[];
    }): Promise<string> => (await call<{ token: string }>('POST', '/validationTokens', order)).token,
    mintUserToken: async (order: {
      tenantId: string;
      appId?: string;
      scopes?: string;
      printerAdministrator?: boolean;
    }): Promise<string> => (await call<{ token: string }>('POST', '/userTokens', order)).token,
    deviceCodes: () => list<DeviceCodeState>('/deviceCodes'),
    answerDeviceCode: (userCode: string, as: 'printerAdministrator' | 'user' | 'decline') =>
      call<{ tenantId: string; as: string }>('POST', `/deviceCodes/${userCode}`, { as }),
    revokeConsent: (tenantId: string) =>
      call<unknown>('POST', `/tenants/${tenantId}/consent`, { granted: false }),
    grantConsent: (tenantId: string) =>
      call<unknown>('POST', `/tenants/${tenantId}/consent`, { granted: true }),
    loseSubscriptions: (order: { rate: number; tenantId?: string; announce?: boolean }) =>
      losses<{ id: string; tenantId: string; resource: string }>('/subscriptions/lose', order),
    loseTriggers: (order: { rate: number; tenantId?: string }) =>
      losses<{ tenantId: string; printerId: string; triggerId: string; definitionId: string }>(
        '/triggers/lose',
        order,
      ),
    outage: () => call<OutageOrder & { out: boolean; until?: number }>('GET', '/outage'),
    startOutage: (order: OutageOrder = {}) => call<{ out: boolean }>('POST', '/outage', order),
    endOutage: () => call<undefined>('DELETE', '/outage'),
    openTasks: (order: { olderThanMinutes?: number; tenantId?: string } = {}) =>
      list<OpenTask>(`/openTasks${queryOf(order)}`),
    /** Jobs that reads show at this moment. */
    listedJobs: (order: { createdSince?: number; tenantId?: string } = {}) =>
      list<ListedJob>(`/jobs${queryOf(order)}`),
    subscriptions: (order: { tenantId?: string } = {}) =>
      list<SubscriptionState>(`/subscriptions${queryOf(order)}`),
    counts: () => call<MemoryCounts>('GET', '/counts'),
    reset: () => call<undefined>('POST', '/reset'),
  };
}
