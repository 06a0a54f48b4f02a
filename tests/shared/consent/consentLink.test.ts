import { consentPage } from '../../../shared/consent/consentPage';
import { consentUrl, readConsent } from '../../../shared/consent/consentLink';
import { signClientState } from '../../../shared/watches/clientState';
import { testKey } from '../../support/testKey';

const TENANT = '11111111-1111-1111-1111-111111111111';
const OTHER = '22222222-2222-2222-2222-222222222222';
const NEW_KEY = { keyId: 'k2', key: testKey(2) };
const KEY = { keyId: 'k1', key: testKey(1) };
const settings = {
  authorityHost: 'https://login.microsoftonline.com',
  clientId: '55555555-5555-5555-5555-555555555555',
  publicBaseUrl: 'https://receiver.example/api',
  clientStateKeys: [KEY] as const,
};
const NOW = Date.parse('2026-11-22T10:00:00Z');
const DAY_MS = 24 * 60 * 60_000;
const link = new URL(consentUrl(settings, TENANT, NOW));
const state = link.searchParams.get('state') ?? '';
const judge = (query: Record<string, string>, now = NOW) => readConsent([KEY], new URLSearchParams(query), now);

describe('the consent link', () => {
  it('is the documented one, with where to come back to and a state (concepts/auth-v2-service.md)', () => {
    expect(`${link.origin}${link.pathname}`).toBe(`https://login.microsoftonline.com/${TENANT}/adminconsent`);
    expect(Object.fromEntries(link.searchParams)).toEqual({
      client_id: settings.clientId,
      redirect_uri: 'https://receiver.example/api/consent',
      state: expect.stringMatching(new RegExp(`^k1\\.${TENANT}\\.20779\\.[A-Za-z0-9_-]{43}$`)) as string,
    });
  });
});

describe("Entra's answer to the consent link (concepts/auth-v2-service.md)", () => {
  it('is a claim of consent with tenant, state and admin_consent=True', () => {
    expect(judge({ tenant: TENANT.toUpperCase(), state, admin_consent: 'True' })).toEqual({
      outcome: 'unconfirmed',
      tenantId: TENANT,
    });
  });

  it('holds while the key is in the ring, wherever', () => {
    const query = new URLSearchParams({ tenant: TENANT, state, admin_consent: 'True' });
    expect(readConsent([NEW_KEY, KEY], query, NOW).outcome).toBe('unconfirmed');
    expect(readConsent([NEW_KEY], query, NOW).outcome).toBe('unknownLink');
  });

  it('ends 30 days after the link was made', () => {
    const query = { tenant: TENANT, state, admin_consent: 'True' };
    expect(judge(query, NOW + 30 * DAY_MS)).toMatchObject({ outcome: 'unconfirmed' });
    expect(judge(query, NOW + 31 * DAY_MS)).toEqual({ outcome: 'expiredLink', tenantId: TENANT });
    const [keyId, tenantId, day, mac] = state.split('.');
    const later = [keyId, tenantId, Number(day) + 31, mac].join('.');
    expect(judge({ ...query, state: later }, NOW + 31 * DAY_MS)).toEqual({ outcome: 'unknownLink' });
  });

  it.each([
    [{ error: 'access_denied', error_description: 'AADSTS65004: <b>declined</b>' }, 'access_denied'],
    [{ error: '<script>' }, undefined],
    [{ error: 'consent_required', admin_consent: 'True', tenant: TENANT }, 'consent_required'],
    [{ tenant: TENANT }, undefined],
    [{ tenant: TENANT, admin_consent: 'False' }, undefined],
  ])('is no consent with %j', (query, error) => {
    expect(judge({ state, ...query })).toEqual({
      outcome: 'declined',
      tenantId: TENANT,
      ...(error === undefined ? {} : { error }),
    });
  });

  it.each([{ tenant: OTHER }, {}])('of another tenant than the link was made for is recognized: %j', (query) => {
    expect(judge({ state, admin_consent: 'True', ...query })).toEqual({
      outcome: 'otherTenant',
      tenantId: TENANT,
    });
  });

  it.each([
    ['none', ''],
    ['another form', 'state'],
    ['another tenant under the same mac', state.replace(TENANT, OTHER)],
    ['a wrong mac', `${state.slice(0, -1)}${state.endsWith('A') ? 'E' : 'A'}`],
    ['an unknown key', state.replace('k1', 'k9')],
    [
      'a clientState',
      signClientState([KEY], { tenantId: TENANT, clientId: 'app' }, { generation: 0, tag: 'a'.repeat(22) }),
    ],
  ])('with a state that is not ours is refused: %s', (_name, wrong) => {
    expect(judge({ tenant: TENANT, state: wrong, admin_consent: 'True' })).toEqual({
      outcome: 'unknownLink',
    });
  });
});

describe('the page after the consent link', () => {
  it.each([
    [{ outcome: 'consented', tenantId: TENANT }, 200, 'Thank you'],
    [{ outcome: 'unconfirmed', tenantId: TENANT }, 200, 'does not see the consent'],
    [{ outcome: 'expiredLink', tenantId: TENANT }, 400, '30 days'],
    [{ outcome: 'declined', tenantId: TENANT, error: 'access_denied' }, 200, '(access_denied)'],
    [{ outcome: 'declined', tenantId: TENANT }, 200, 'Consent was not given'],
    [{ outcome: 'otherTenant', tenantId: TENANT }, 400, TENANT],
    [{ outcome: 'unknownLink' }, 400, 'for a new one'],
    [undefined, 503, 'Please try again'],
  ] as const)('for %j answers %i', (verdict, status, words) => {
    const page = consentPage(verdict);
    expect(page.status).toBe(status);
    expect(page.body).toContain(words);
    expect(page.headers).toMatchObject({
      'Content-Type': 'text/html; charset=utf-8',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': expect.stringContaining("default-src 'none'") as string,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
    });
  });

  it('escapes whatever it shows', () => {
    const { body } = consentPage({ outcome: 'declined', tenantId: `<img src="x" onerror='y'>&`, error: 'a' });
    expect(body).toContain('&lt;img src=&quot;x&quot; onerror=&#39;y&#39;&gt;&amp;');
    expect(body).not.toContain('<img');
  });
});
