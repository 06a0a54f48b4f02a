import { createServices, getServices } from '../../shared/services';
import { UNREACHABLE_SETTINGS as settings } from '../support/unreachableSettings';

it('are built once per process and environment', () => {
  const env = { ...settings };
  expect(getServices(env)).toBe(getServices(env));
  expect(getServices(env)).not.toBe(getServices({ ...settings }));
});

it('throw nothing when made without settings; each member rejects and names the settings', async () => {
  const services = createServices({});
  const members = [
    ...(['config', 'webhook', 'tenants', 'watches', 'graph', 'subscriptions', 'sweep', 'worker'] as const),
    ...(['heldJobs', 'deviceTokens', 'admitDevice'] as const),
  ];
  for (const member of members) {
    await expect(services[member]()).rejects.toMatchObject({
      code: 'configInvalid',
      message: expect.stringContaining('CLIENT_STATE_KEYS') as string,
    });
  }
});

it('build a member on first use and keep it', async () => {
  const services = createServices(settings);
  expect(await services.webhook()).toBe(await services.webhook());
  expect(await services.worker()).toBe(await services.worker());
  expect(await services.subscriptions()).toBe(await services.subscriptions());
  // With it the memory of what has been brought back lately.
  expect(await services.sweep()).toBe(await services.sweep());
  // With it the memory of refused attempts and of tokens.
  expect(await services.admitDevice()).toBe(await services.admitDevice());
  expect(await services.heldJobs()).toBe(await services.heldJobs());
  await expect(services.queue('any')).resolves.toHaveProperty('send');
});

it('give the webhook the ring and a verifier of tokens that loads on first use', async () => {
  const { ring, verifyTokens, randomBytes } = await createServices(settings).webhook();
  expect(ring[0].keyId).toBe('k1');
  expect(randomBytes(3)).toHaveLength(3);
  expect(await verifyTokens(['no token'], new Set())).toBe(false);
});

it.each([
  ['EVENTS_STORAGE__queueServiceUri', 'wrong'],
  ['DATA_STORAGE__blobServiceUri', 'wrong'],
  ['AzureWebJobsStorage__clientId', 'wrong'],
])('open the waiting queue and what brings messages back from it while %s is wrong', async (name, value) => {
  const services = createServices({ ...settings, [name]: value });
  await expect(services.config()).rejects.toMatchObject({ code: 'configInvalid' });
  await expect(services.unsignedWaiting('print-notifications')).resolves.toHaveProperty('send');
  await expect(services.bringBack('messages')).resolves.toHaveProperty('sendBack');
});

it('open the queue in which events wait while the account of rules and documents is wrong', async () => {
  const services = createServices({ ...settings, DATA_STORAGE__blobServiceUri: 'wrong' });
  await expect(services.queue('print-job-events-waiting')).resolves.toHaveProperty('send');
  await expect(services.bringBack('events')).resolves.toHaveProperty('sendBack');
});

it.each([{}, { AzureWebJobsStorage__clientId: '11111111-0000-4000-8000-000000000001' }])(
  'sign in to storage as a managed identity where no connection string is set: %j',
  async (identity) => {
    const services = createServices({
      ...settings,
      AzureWebJobsStorage: '',
      AzureWebJobsStorage__blobServiceUri: 'https://a.blob.core.windows.net',
      AzureWebJobsStorage__queueServiceUri: 'https://a.queue.core.windows.net',
      AzureWebJobsStorage__tableServiceUri: 'https://a.table.core.windows.net',
      ...identity,
    });
    // With it the memory of refused attempts and of tokens.
    expect(await services.admitDevice()).toBe(await services.admitDevice());
    expect(await services.heldJobs()).toBe(await services.heldJobs());
    await expect(services.queue('any')).resolves.toHaveProperty('send');
    await expect(services.tenants()).resolves.toHaveProperty('get');
    await expect(services.rules()).resolves.toHaveProperty('rulesOf');
  },
);

it('ask again after a failure: a setting that was corrected needs no new process', async () => {
  const env: Record<string, string | undefined> = { ...settings, PUBLIC_BASE_URL: undefined };
  const services = createServices(env);
  await expect(services.worker()).rejects.toMatchObject({ code: 'configInvalid' });
  env['PUBLIC_BASE_URL'] = settings.PUBLIC_BASE_URL;
  await expect(services.worker()).resolves.toHaveProperty('callGraph');
});

it('give the worker all it works with, and share its Graph with the subscriptions: one memory of throttling', async () => {
  const services = createServices(settings);
  const worker = await services.worker();
  const { callGraph, throttle } = await services.graph();
  expect(worker).toMatchObject({ callGraph, throttle });
  expect((await services.subscriptions()).callGraph).toBe(callGraph);
  expect(Object.keys(worker.queues).sort()).toEqual(['archive', 'events', 'jobs', 'poison', 'waiting']);
  expect(worker.places.enter('t1')).toBe(true);
  expect(worker.throttle.remainingMs('t1')).toBe(0);
});
