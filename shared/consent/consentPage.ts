import type { ConsentVerdict } from './consentLink';

/** An HTML page as an HTTP adapter sends it. */
export interface ConsentPage {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'X-Content-Type-Options': 'nosniff',
  // A page of words: no script, style, image, frame or form, and no page may frame it.
  'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  // The address holds the signed state.
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
} as const;

/** The page that the administrator of a customer sees after the consent link. Undefined verdict: it could not be read. */
export function consentPage(verdict: ConsentVerdict | undefined): ConsentPage {
  if (!verdict) {
    return page(503, 'Please try again', 'The app cannot look at your consent just now. Reload this page later.');
  }
  switch (verdict.outcome) {
    case 'consented':
      return page(
        200,
        'Thank you',
        `The app has the permissions it asked for in the tenant ${verdict.tenantId}.`,
        'Tell the print vendor that sent you the link; they take the next step. You can close this page.',
      );
    case 'unconfirmed':
      return page(
        200,
        'Almost done',
        `The app does not see the consent of the tenant ${verdict.tenantId} yet. That may take some minutes.`,
        'Reload this page in a minute, or tell the print vendor that sent you the link; they see it too.',
      );
    case 'expiredLink':
      return page(
        400,
        'This link is too old',
        'It was valid for 30 days.',
        'Ask the print vendor that sent it for a new one.',
      );
    case 'declined':
      return page(
        200,
        'Consent was not given',
        `Nothing was granted in the tenant ${verdict.tenantId}${verdict.error === undefined ? '' : ` (${verdict.error})`}.`,
        'Open the link again when you want to give it. It takes an administrator who may consent for the whole organisation.',
      );
    case 'otherTenant':
      return page(
        400,
        'Another organisation',
        `The link was made for the tenant ${verdict.tenantId}, and you signed in to another one.`,
        'Open the link again and sign in with an account of that tenant.',
      );
    case 'unknownLink':
      return page(
        400,
        'This link is not valid',
        'It is incomplete.',
        'Ask the print vendor that sent it for a new one.',
      );
  }
}

function page(status: number, title: string, ...lines: string[]): ConsentPage {
  const words = lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('\n');
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>`;
  const body = `<!doctype html>\n<html lang="en"><head>${head}</head><body>\n<h1>${escapeHtml(title)}</h1>\n${words}\n</body></html>\n`;
  return { status, headers: HEADERS, body };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
