import { fetchableFilter, tenantA, tenantB } from './harness';
import type { Harness, Receiver } from './harness';
import { useReceiver } from './useReceiver';

let harness: Harness;
let receiver: Receiver;
let scene: Awaited<ReturnType<Harness['scene']>>;
useReceiver((...begun) => {
  [harness, receiver] = begun;
});
beforeEach(async () => {
  scene = await harness.scene();
});

const started = (changes: Record<string, unknown> = {}) => ({
  changeType: 'created',
  resource: `print/taskDefinitions/${scene.definition}/tasks`,
  notificationUrl: `${receiver.url}?code=secret`,
  lifecycleNotificationUrl: `${receiver.url}?life=1`,
  expirationDateTime: harness.inMinutes(4200),
  clientState: 'shared secret',
  ...changes,
});
const fetchable = (changes: Record<string, unknown> = {}) => ({
  changeType: 'updated',
  resource: `print/printers/${scene.plain}/jobs`,
  notificationQueryOptions: fetchableFilter,
  notificationUrl: receiver.url,
  expirationDateTime: harness.inMinutes(4200),
  ...changes,
});
const create = (body: unknown) => harness.graph('POST', '/subscriptions', body);

describe('creating (api/subscription-post-subscriptions.md)', () => {
  it('answers 201 with the subscription after it has validated both URLs', async () => {
    const answer = await create(started());
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      changeType: 'created',
      clientState: 'shared secret',
      applicationId: harness.simulator.appId,
      resource: `print/taskDefinitions/${scene.definition}/tasks`,
    });
    const searches = receiver.handshakes.map(({ url }) => new URL(url, 'http://receiver').search);
    expect(searches.map((search) => search.slice(0, 7)).sort()).toEqual(['?code=s', '?life=1']);
  });

  it('validates one URL twice when both properties name it (concepts/change-notifications-lifecycle-events.md)', async () => {
    expect((await create(started({ lifecycleNotificationUrl: `${receiver.url}?code=secret` }))).status).toBe(201);
    expect(receiver.handshakes).toHaveLength(2);
  });

  it.each(['changeType', 'notificationUrl', 'resource', 'expirationDateTime'])(
    'refuses a request without %s (resources/subscription.md)',
    async (name) => {
      const answer = await create(started({ [name]: undefined }));
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ error: { code: 'InvalidRequest' } });
    },
  );

  it.each([
    ['a clientState over 128 characters', { clientState: 'x'.repeat(129) }],
    ['plain http beyond loopback', { notificationUrl: 'http://receiver.example/api' }],
    ['plain http beyond loopback for lifecycle', { lifecycleNotificationUrl: 'http://receiver.example/api' }],
    ['no URL', { notificationUrl: 'receiver' }],
    ['an expiry in the past', { expirationDateTime: '2020-01-30T10:30:34Z' }],
    ['an expiry that is no time', { expirationDateTime: 'tomorrow' }],
    ['another changeType', { changeType: 'updated' }],
    ['notificationQueryOptions on a definition', { notificationQueryOptions: fetchableFilter }],
    ['resource data', { includeResourceData: true }],
    ['another resource', { resource: 'me/messages' }],
  ])('refuses %s (resources/subscription.md)', async (_name, change) => {
    expect((await create(started(change))).status).toBe(400);
    expect(receiver.handshakes).toHaveLength(0);
  });

  it('takes a clientState of 128 characters (resources/subscription.md)', async () => {
    expect((await create(started({ clientState: 'x'.repeat(128) }))).status).toBe(201);
  });

  it('refuses more than 4,230 minutes (resources/subscription.md); the variant cuts it', async () => {
    expect((await create(started({ expirationDateTime: harness.inMinutes(4231) }))).status).toBe(400);
    await harness.control.setVariants({ expiryOverMaximum: 'clamp' });
    const answer = await create(started({ expirationDateTime: harness.inMinutes(9000) }));
    expect(Date.parse(String(answer.body['expirationDateTime']))).toBeLessThanOrEqual(
      Date.parse(harness.inMinutes(4230)),
    );
  });

  it('raises an expiry under 45 minutes silently (resources/subscription.md)', async () => {
    const least = Date.parse(harness.inMinutes(45));
    const answer = await create(started({ expirationDateTime: harness.inMinutes(5) }));
    expect(Date.parse(String(answer.body['expirationDateTime']))).toBeGreaterThanOrEqual(least);
  });

  it('needs PrintTaskDefinition.ReadWrite.All for tasks and Printer.Read.All for jobs', async () => {
    await harness.control.changeTenant(tenantA, { roles: ['Printer.Read.All'] });
    expect((await create(started())).status).toBe(403);
    expect((await create(fetchable())).status).toBe(201);
    await harness.control.changeTenant(tenantA, { roles: ['PrintTaskDefinition.ReadWrite.All'] });
    expect((await create(started())).status).toBe(201);
  });

  it('refuses a printer or definition that does not exist', async () => {
    const body = started({ resource: 'print/taskDefinitions/none/tasks' });
    expect((await create(body)).status).toBe(400);
  });

  it('answers 409 for the same resource and changeType when that is enforced, else 201', async () => {
    await create(started());
    expect((await create(started())).status).toBe(409);
    await harness.control.setVariants({ enforce409: false });
    expect((await create(started())).status).toBe(201);
    expect((await harness.control.state()).subscriptions).toHaveLength(2);
  });

  it('lets only one of two simultaneous creates through when 409 is enforced', async () => {
    const answers = await Promise.all([create(started()), create(started())]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });
});

describe('the handshake (concepts/change-notifications-delivery-webhooks.md)', () => {
  it('is a POST of no body as text/plain; charset=utf-8 that keeps the query and encodes as a form', async () => {
    await create(started());
    const [asked] = receiver.handshakes;
    expect(asked?.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(asked?.headers['content-length']).toBe('0');
    expect(asked?.url).toMatch(
      /validationToken=Validation%3a\+Testing\+client\+application\+reachability\+for\+subscription\+Request-Id%3a\+[0-9a-f-]{36}$/,
    );
  });

  it.each([
    ['202', (token: string) => ({ status: 202, type: 'text/plain', body: token })],
    ['403', () => ({ status: 403, type: 'text/plain', body: '' })],
    ['another content type', (token: string) => ({ status: 200, type: 'application/json', body: token })],
    [
      'the token still encoded',
      (token: string) => ({ status: 200, type: 'text/plain', body: encodeURIComponent(token) }),
    ],
    ['the token in quotes', (token: string) => ({ status: 200, type: 'text/plain', body: `"${token}"` })],
    ['no answer in time', () => undefined],
  ])('refuses the subscription on %s', async (_name, handshake) => {
    receiver.behaviour.handshake = handshake;
    await harness.control.setVariants({ handshakeTimeoutMs: 100 });
    const answer = await create(fetchable());
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: { code: 'ValidationError' } });
    expect((await harness.control.state()).subscriptions).toHaveLength(0);
  });

  it('fails when nobody listens', async () => {
    expect((await create(fetchable({ notificationUrl: 'http://127.0.0.1:1/none' }))).status).toBe(400);
  });

  it('sends characters that need decoding, by variant', async () => {
    await harness.control.setVariants({ handshakeToken: 'special' });
    expect((await create(fetchable())).status).toBe(201);
    expect(receiver.handshakes[0]?.url).toContain('%26%25%3f');
  });
});

describe('reading, changing and deleting', () => {
  it('lists page by page and without clientState (api/subscription-list.md)', async () => {
    await create(started());
    await create(fetchable());
    await harness.control.setVariants({ pageSize: 1 });
    const first = await harness.graph('GET', '/subscriptions');
    const [entry] = first.body['value'] as Record<string, unknown>[];
    expect(entry).toMatchObject({ clientState: null, changeType: 'created' });
    const next = String(first.body['@odata.nextLink']).replace(`${harness.simulator.graphUrl}/v1.0`, '');
    const second = await harness.graph('GET', next);
    expect(second.body['value']).toHaveLength(1);
    expect(second.body['@odata.nextLink']).toBeUndefined();
  });

  it('shows an app only what it created in the tenant of its token (api/subscription-list.md)', async () => {
    const { body } = await create(started());
    await harness.control.createTenant({ tenantId: tenantB });
    const token = `development.${tenantB}`;
    const other = await harness.graph('GET', '/subscriptions', undefined, { token });
    expect(other.body['value']).toEqual([]);
    expect((await harness.graph('GET', `/subscriptions/${String(body['id'])}`, undefined, { token })).status).toBe(404);
    expect((await harness.graph('GET', `/subscriptions/${String(body['id'])}`)).status).toBe(200);
  });

  it('changes expiry and notificationUrl only, and validates a changed URL (api/subscription-update.md)', async () => {
    const id = String((await create(started())).body['id']);
    receiver.clear();
    const patch = (body: unknown) => harness.graph('PATCH', `/subscriptions/${id}`, body);
    const expirationDateTime = harness.inMinutes(3000);
    const renewed = await patch({ expirationDateTime });
    expect([renewed.status, renewed.body['expirationDateTime']]).toEqual([200, expirationDateTime]);
    expect(receiver.handshakes).toHaveLength(0);
    expect((await patch({ notificationUrl: `${receiver.url}?new=1` })).status).toBe(200);
    expect(receiver.handshakes).toHaveLength(1);
    expect((await patch({ clientState: 'other' })).status).toBe(400);
    expect((await patch({ lifecycleNotificationUrl: receiver.url })).status).toBe(400);
    expect((await patch({})).status).toBe(400);
    expect((await patch({ expirationDateTime: harness.inMinutes(4300) })).status).toBe(400);
    receiver.behaviour.handshake = () => ({ status: 500, type: 'text/plain', body: '' });
    expect((await patch({ notificationUrl: `${receiver.url}?bad=1` })).status).toBe(400);
    const [kept] = (await harness.control.state()).subscriptions;
    expect(kept?.notificationUrl).toBe(`${receiver.url}?new=1`);
  });

  it('validates the URL again at renewal, or keeps the old expiry, by variant (silent; contrib issue 4751)', async () => {
    const created = (await create(started())).body;
    receiver.clear();
    await harness.control.setVariants({ revalidateAtRenewal: true, patchIgnoresExpiry: true });
    const path = `/subscriptions/${String(created['id'])}`;
    const answer = await harness.graph('PATCH', path, { expirationDateTime: harness.inMinutes(100) });
    expect(answer.body['expirationDateTime']).toBe(created['expirationDateTime']);
    expect(receiver.handshakes).toHaveLength(1);
  });

  it('deletes with 204, then answers 404 (api/subscription-delete.md)', async () => {
    const path = `/subscriptions/${String((await create(started())).body['id'])}`;
    expect((await harness.graph('DELETE', path)).status).toBe(204);
    expect((await harness.graph('PATCH', path, { expirationDateTime: harness.inMinutes(60) })).status).toBe(404);
    expect((await harness.graph('DELETE', path)).status).toBe(404);
  });

  it('reauthorizes with 204 without extending (api/subscription-reauthorize.md)', async () => {
    const created = (await create(started())).body;
    const path = `/subscriptions/${String(created['id'])}`;
    expect((await harness.graph('POST', `${path}/reauthorize`)).status).toBe(204);
    expect((await harness.graph('GET', path)).body['expirationDateTime']).toBe(created['expirationDateTime']);
  });

  describe.each([
    ['GET', '', 'api/subscription-get.md', undefined],
    ['PATCH', '', 'api/subscription-update.md', 3000],
    ['DELETE', '', 'api/subscription-delete.md', undefined],
    ['POST', '/reauthorize', 'api/subscription-reauthorize.md', undefined],
  ] as const)('%s /subscriptions/{id}%s', (method, suffix, page, minutes) => {
    const tryOn = (created: unknown, token?: string) =>
      harness.graph(
        method,
        `/subscriptions/${String((created as Record<string, unknown>)['id'])}${suffix}`,
        minutes === undefined ? undefined : { expirationDateTime: harness.inMinutes(minutes) },
        token === undefined ? {} : { token },
      );

    it(`needs the role of the subscription's resource (${page})`, async () => {
      const tasks = (await create(started())).body;
      const jobs = (await create(fetchable())).body;
      await harness.control.changeTenant(tenantA, { roles: ['Printer.ReadWrite.All'] });
      expect(await tryOn(tasks)).toMatchObject({ status: 403, body: { error: { code: 'ExtensionError' } } });
      expect((await tryOn(jobs)).status).toBeLessThan(300);
      await harness.control.changeTenant(tenantA, { roles: ['PrintTaskDefinition.ReadWrite.All'] });
      expect((await tryOn(tasks)).status).toBeLessThan(300);
    });

    it(`is not for signed-in users (${page}: delegated not supported)`, async () => {
      const jobs = (await create(fetchable())).body;
      const token = await harness.control.mintUserToken({ tenantId: tenantA, scopes: 'Printer.Read.All' });
      expect((await tryOn(jobs, token)).status).toBe(403);
    });

    it(`answers 403 without the application permission (${page})`, async () => {
      const jobs = (await create(fetchable())).body;
      await harness.control.changeTenant(tenantA, { roles: [] });
      expect((await tryOn(jobs)).status).toBe(403);
      expect((await harness.control.state()).subscriptions).toHaveLength(1);
    });
  });

  it('forgets a subscription when Date passes its expiry (resources/subscription.md)', async () => {
    const path = `/subscriptions/${String((await create(started())).body['id'])}`;
    harness.clock.aheadMs = 4201 * 60_000;
    expect((await harness.graph('GET', path)).status).toBe(404);
  });

  it('loses a subscription silently by the control API', async () => {
    const id = String((await create(started())).body['id']);
    await harness.control.dropSubscription(id);
    expect((await harness.graph('GET', `/subscriptions/${id}`)).status).toBe(404);
    await expect(harness.control.dropSubscription(id)).rejects.toThrow('404');
  });
});
