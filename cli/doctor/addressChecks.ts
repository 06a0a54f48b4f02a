import { randomUUID } from 'node:crypto';
import type { Config } from '../../shared/config';
import { signConsentState } from '../../shared/consent/consentLink';
import { isRecord, parseJson, parseText } from '../../shared/parse';
import { plural } from '../output';
import { describeSilence } from '../probe';
import type { Finding } from './checks';
import { APP, settingCommands } from './remedies';

export interface AddressDeps {
  fetch: typeof fetch;
  config: Pick<Config, 'publicBaseUrl' | 'clientStateKeys'>;
  /** Milliseconds since 1970. */
  now: number;
}

/** Graph waits as long for the answer to a validation (change-notifications-delivery-webhooks). */
const ANSWER_LIMIT_MS = 10_000;
const DEPLOY = 'func azure functionapp publish <app> --no-build --node';
const NO_TENANT = '00000000-0000-0000-0000-000000000000';

interface Answer {
  status: number;
  type: string;
  text: string;
}

/** The handshake of Graph with a route of notifications: the token comes back as plain text. */
export async function checkHandshake(deps: AddressDeps, route: 'notifications' | 'lifecycle'): Promise<Finding> {
  const check = `handshake /${route}`;
  // Graph's tokens hold characters that a proxy may decode twice.
  const token = `Validation: ${randomUUID()}+%2F`;
  const answer = await ask(deps, 'POST', `/${route}?${new URLSearchParams({ validationToken: token }).toString()}`);
  if (typeof answer === 'string') return unreached(deps, check, answer);
  const problem = problemOf(deps, check, answer, 200);
  if (problem) return problem;
  if (answer.text === token && answer.type.startsWith('text/plain'))
    return ok(check, 'answers with the token of Graph');
  const seen = 'Answers 200, but not with the token as plain text: another program is at this address';
  return { check, state: 'failed', seen, remedies: settingCommands('PUBLIC_BASE_URL') };
}

/** A route that answers so much without a key or token. */
export interface Route {
  method: 'GET' | 'POST';
  path: string;
  status: 200 | 401;
}

export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/health', status: 200 },
  { method: 'GET', path: '/status', status: 401 },
  { method: 'POST', path: '/jobs/search', status: 401 },
  { method: 'POST', path: '/device/jobs/search', status: 401 },
];

/** Whether a route is deployed, and those of operators and devices refuse a stranger. */
export async function checkRoute(deps: AddressDeps, { method, path, status }: Route): Promise<Finding> {
  const check = `route ${method} ${path}`;
  const answer = await ask(deps, method, path);
  const problem = problemOf(deps, check, answer, status);
  return problem ?? ok(check, status === 401 ? 'deployed, and refuses a caller without a key' : 'answers');
}

/** Whether the app at PUBLIC_BASE_URL has the signing key of these settings: its consent page recognizes a link of ours. */
export async function checkDeployedKey(deps: AddressDeps): Promise<Finding> {
  const check = 'key of the deployed app';
  const { clientStateKeys } = deps.config;
  const state = signConsentState(clientStateKeys, NO_TENANT, deps.now);
  const answer = await ask(deps, 'GET', `/consent?${new URLSearchParams({ state, error: 'doctor' }).toString()}`);
  if (typeof answer !== 'string' && answer.status === 400) {
    const { keyId } = clientStateKeys[0];
    const seen = `The app does not accept what the key ${keyId} of these settings signs: it has another key, or PUBLIC_BASE_URL is that of another deployment`;
    return {
      check,
      state: 'failed',
      seen,
      remedies: settingCommands('CLIENT_STATE_KEYS'),
    };
  }
  return problemOf(deps, check, answer, 200) ?? ok(check, `accepts what the key ${clientStateKeys[0].keyId} signs`);
}

export const OWN_STATUS = 'status of the deployed app';

/**
 * What the deployed app says about itself. Its answer shows that its own identity reads the tables, queues and rules.
 *
 * @param own the key of the function, and the version of this program
 */
export async function checkDeployedStatus(
  deps: AddressDeps,
  own: { functionKey: string; version: string },
): Promise<Finding> {
  const check = OWN_STATUS;
  const answer = await ask(deps, 'GET', '/status', { 'x-functions-key': own.functionKey });
  if (typeof answer !== 'string' && answer.status === 401) {
    const remedies = [`az functionapp keys list ${APP} --query functionKeys`];
    return { check, state: 'failed', seen: 'The app does not accept the function key', remedies };
  }
  if (typeof answer !== 'string' && answer.status === 503) {
    const seen = 'The app cannot read its storage: see its log line function.failed, and the roles of its identity';
    return { check, state: 'failed', seen, remedies: [`az functionapp identity show ${APP}`] };
  }
  const problem = problemOf(deps, check, answer, 200);
  if (problem || typeof answer === 'string') return problem ?? unreached(deps, check, 'no answer');
  const { state, version, reasons } = readStatus(answer.text);
  if (state === '') return { check, state: 'failed', seen: 'The answer is no status of this app', remedies: [DEPLOY] };
  if (version !== own.version) {
    const seen = `The app has version ${version}, and this command ${own.version}`;
    return { check, state: 'warning', seen, remedies: [DEPLOY] };
  }
  if (state !== 'OK') return describeAttention(check, reasons);
  return ok(check, `${state}, version ${version}`);
}

/** What the app itself says, because the settings of this command may be right where those of the app are wrong. */
function describeAttention(check: string, reasons: readonly DeployedReason[]): Finding {
  const isStopped = reasons.some(({ reason }) => reason === 'settingsInvalid');
  const [first, ...others] = reasons;
  const more = others.length === 0 ? '' : `, and for ${plural(others.length, 'more reason')}`;
  return {
    check,
    state: isStopped ? 'failed' : 'warning',
    seen: `The app asks for attention: ${first?.problem ?? 'it gives no reason'}${more}`,
    // A reason that only the app can see names this command.
    remedies: [...new Set(reasons.map(({ next }) => next))].filter((next) => next !== 'doctor'),
  };
}

interface DeployedReason {
  reason: string;
  problem: string;
  next: string;
}

function readStatus(text: string): { state: string; version: string; reasons: DeployedReason[] } {
  const answered = parseJson(text);
  const { state, version, reasons } = isRecord(answered) ? answered : {};
  return {
    state: parseText(state),
    version: parseText(version),
    reasons: (Array.isArray(reasons) ? reasons : []).filter(isRecord).map(({ reason, problem, next }) => ({
      reason: parseText(reason),
      problem: parseText(problem),
      next: parseText(next),
    })),
  };
}

/** The answer, or why there was none. */
async function ask(
  { fetch, config }: AddressDeps,
  method: 'GET' | 'POST',
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer | string> {
  try {
    const answer = await fetch(`${config.publicBaseUrl}${path}`, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      ...(method === 'POST' ? { body: '' } : {}),
    });
    return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() };
  } catch (error) {
    const { name, cause } = isRecord(error) ? error : {};
    if (name === 'TimeoutError') return `no answer within ${ANSWER_LIMIT_MS / 1_000} s`;
    return describeSilence(isRecord(cause) ? parseText(cause['code']) : '').cause;
  }
}

function problemOf(deps: AddressDeps, check: string, answer: Answer | string, wanted: number): Finding | undefined {
  if (typeof answer === 'string') return unreached(deps, check, answer);
  const { status } = answer;
  if (status === wanted) return undefined;
  const failed = { check, state: 'failed', seen: `Answers ${status} in place of ${wanted}` } as const;
  if (status === 404) {
    const seen = `${failed.seen}: the app is not deployed, or PUBLIC_BASE_URL has another path`;
    return { ...failed, seen, remedies: [DEPLOY, ...settingCommands('PUBLIC_BASE_URL')] };
  }
  if (status === 401 || (status >= 300 && status < 400)) {
    const seen = `${failed.seen}: a sign-in answers in place of the app. Exclude this path from it`;
    return { ...failed, seen, remedies: [`az webapp auth show ${APP}`] };
  }
  if (status === 403) {
    const seen = `${failed.seen}: an access restriction of the app`;
    return { ...failed, seen, remedies: [`az functionapp config access-restriction show ${APP}`] };
  }
  if (status === 200) return { ...failed, seen: `${failed.seen}: the route needs no key`, remedies: [DEPLOY] };
  return { ...failed, remedies: [`az functionapp restart ${APP}`] };
}

function unreached({ config }: AddressDeps, check: string, why: string): Finding {
  const seen = `Cannot reach ${new URL(config.publicBaseUrl).origin} (${why})`;
  return {
    check,
    state: 'failed',
    seen,
    remedies: [`az functionapp show ${APP} --query "{state:state,host:defaultHostName}"`],
  };
}

function ok(check: string, seen: string): Finding {
  return { check, state: 'ok', seen };
}
