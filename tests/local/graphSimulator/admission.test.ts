import { request } from 'node:http';
import { refuseCall, refuseOrigin } from '../../../local/graphSimulator/http/admission';
import { startHarness, type Harness } from './harness';

const ADMISSION = { port: 7080, token: 'a-token' };
const ours = { host: '127.0.0.1:7080', authorization: 'Bearer a-token' };

describe('who may call a server on loopback', () => {
  it.each([
    ['the address', ours],
    ['localhost', { ...ours, host: 'localhost:7080' }],
    ['its own page', { ...ours, origin: 'http://127.0.0.1:7080' }],
    ['its own page by name', { ...ours, host: 'LOCALHOST:7080', origin: 'http://localhost:7080' }],
  ])('%s', (_name, headers) => {
    expect(refuseCall(headers, ADMISSION)).toBeUndefined();
  });

  it.each([
    ['a name that resolves to 127.0.0.1 (DNS rebinding)', { ...ours, host: 'attacker.example:7080' }, 'foreignHost'],
    ['the same name without a port', { ...ours, host: 'attacker.example' }, 'foreignHost'],
    ['another port', { ...ours, host: '127.0.0.1:7081' }, 'foreignHost'],
    ['a longer name', { ...ours, host: '127.0.0.1:7080.attacker.example' }, 'foreignHost'],
    ['no Host', { authorization: ours.authorization }, 'foreignHost'],
    ['a page of another site', { ...ours, origin: 'https://attacker.example' }, 'foreignOrigin'],
    ['a page of another port', { ...ours, origin: 'http://127.0.0.1:8080' }, 'foreignOrigin'],
    ['a page over https', { ...ours, origin: 'https://127.0.0.1:7080' }, 'foreignOrigin'],
    ['a sandboxed page or a file', { ...ours, origin: 'null' }, 'foreignOrigin'],
    ['no token', { host: ours.host }, 'tokenMissing'],
    ['a wrong token', { ...ours, authorization: 'Bearer a-tokem' }, 'tokenMissing'],
    ['the beginning of the token', { ...ours, authorization: 'Bearer a-tok' }, 'tokenMissing'],
    ['an empty token', { ...ours, authorization: 'Bearer ' }, 'tokenMissing'],
    ['another scheme', { ...ours, authorization: 'Basic a-token' }, 'tokenMissing'],
  ])('not: %s', (_name, headers, code) => {
    expect(refuseCall(headers, ADMISSION)?.code).toBe(code);
  });

  it('files that are no secret need no token, and the same Host and Origin', () => {
    expect(refuseOrigin({ host: ours.host }, ADMISSION)).toBeUndefined();
    expect(refuseOrigin({ host: 'attacker.example' }, ADMISSION)?.status).toBe(403);
  });
});

/** What a page of another site can send without asking first: a simple request (Fetch Standard, CORS-safelisted). */
describe('the control API', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness.simulator.close());

  const send = (method: string, path: string, headers: Record<string, string>, body = '') =>
    new Promise<{ status: number; headers: Record<string, unknown> }>((resolve, reject) => {
      // fetch sets Host and Origin itself.
      const call = request(`${harness.simulator.controlUrl}${path}`, { method, headers }, (answer) => {
        answer.resume().once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
      });
      call.once('error', reject).end(body);
    });
  const token = () => ({ authorization: `Bearer ${harness.simulator.controlToken}` });

  it.each([
    ['a form of another site', { 'content-type': 'text/plain', origin: 'https://attacker.example' }, 403],
    ['a form without Origin', { 'content-type': 'text/plain' }, 401],
    ['a wrong token', { authorization: 'Bearer nonsense' }, 401],
  ])('refuses %s, and nothing happens', async (_name, headers, status) => {
    const body = JSON.stringify({ tenantId: 'forged' });
    expect(await send('POST', '/tenants', headers, body)).toMatchObject({ status });
    expect((await harness.control.state()).tenants).toEqual([]);
  });

  it('refuses a rebound name although it has the token, also for reads', async () => {
    const headers = { ...token(), host: 'attacker.example' };
    expect(await send('GET', '/state', headers)).toMatchObject({ status: 403 });
  });

  it('allows no other site to read (no CORS headers)', async () => {
    const preflight = { origin: 'https://attacker.example', 'access-control-request-headers': 'authorization' };
    const answers = [await send('OPTIONS', '/state', preflight), await send('GET', '/state', token())];
    expect(answers.map(({ status }) => status)).toEqual([403, 200]);
    for (const { headers } of answers) expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('has another token at each start', async () => {
    const other = await startHarness();
    await other.simulator.close();
    expect(other.simulator.controlToken).not.toBe(harness.simulator.controlToken);
    expect(other.simulator.controlToken).toMatch(/^[\w-]{43}$/);
  });
});
