import { answerDeviceCode, deviceAnswers } from './deviceSignIn';
import type { Reply } from './reply';
import type { Simulation } from './simulation';

const form = `<form><label>Code <input name="user_code" autofocus></label>
<select name="as"><option value="printerAdministrator">Printer Administrator</option>
<option value="user">user without a role</option><option value="decline">decline</option></select>
<button>Sign in</button></form>`;

/** The page behind `verification_uri`: `?user_code=…&as=printerAdministrator|user|decline` signs in, anything else shows the form. */
export function deviceLoginPage(simulation: Simulation, query: URLSearchParams): Reply {
  const userCode = query.get('user_code');
  if (userCode === null) return page(200, form);
  const answer = deviceAnswers.find((name) => name === (query.get('as') ?? 'printerAdministrator'));
  if (!answer) return page(400, `Choose one of ${deviceAnswers.join(', ')}.${form}`);
  return answerDeviceCode(simulation, userCode, answer)
    ? page(200, answer === 'decline' ? 'Declined.' : 'Signed in. You can close this page.')
    : page(404, `No sign-in waits for this code.${form}`);
}

// Nothing of the request is ever written into the page.
function page(status: number, content: string): Reply {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff' },
    body: `<!doctype html><title>Device sign-in (simulated)</title><p>${content}</p>\n`,
  };
}
