import { isLoopback, type Address, type Checked } from './clouds';
import { looksRandom } from './keyRing';
import { isPublicAddress, literalAddress } from './publicAddresses';
import type { Reader } from './reader';

/** Where the app delivers the events, in place of systems of the vendor that read their queue. */
export type EventSinkConfig =
  | {
      kind: 'webhook';
      url: string;
      /** One, or two during a rotation: each delivery is signed with all of them. */
      secrets: readonly Buffer[];
      /** Whether the URL may lead to this machine, as in a local cloud. */
      allowLoopback: boolean;
    }
  | {
      kind: 'eventGrid';
      /** Of a custom topic, as the portal shows it. */
      endpoint: string;
      managedIdentityClientId?: string;
    };

/** The sink as it may be shown: the path and query of a webhook may hold a secret. */
export interface SinkDescription {
  kind: EventSinkConfig['kind'];
  host: string;
}

export function describeSink(sink: EventSinkConfig): SinkDescription {
  const { kind } = sink;
  return { kind, host: new URL(kind === 'webhook' ? sink.url : sink.endpoint).host };
}

const WEBHOOK_SECRETS_FORM =
  'whsec_ and 24 to 64 random bytes in base64 (echo "whsec_$(openssl rand -base64 32)"), or two of them separated by a comma during a rotation';

const WEBHOOK_EXAMPLE = 'https://events.example/print';
const TOPIC_EXAMPLE = 'https://<topic>.<region>-1.eventgrid.azure.net/api/events';
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const MOST_SECRETS = 2;
/** Standard Webhooks, section Symmetric of the specification. */
const SECRET_BYTES = { least: 24, most: 64 };

const WEBHOOK_SETTING = 'EVENTS_SINK_WEBHOOK_URL';
const TOPIC_SETTING = 'EVENTS_SINK_EVENT_GRID_ENDPOINT';
const SECRETS_SETTING = 'EVENTS_SINK_WEBHOOK_SECRETS';
type SinkSetting = typeof WEBHOOK_SETTING | typeof TOPIC_SETTING | typeof SECRETS_SETTING;

/** The sink of the events, which is one of two or none. Its secrets are checked even if they are not used. */
export function readEventSink(
  { read, need, isMissing, problems }: Reader<SinkSetting>,
  { graphBaseUrl, ...signIn }: { graphBaseUrl: string; managedIdentityClientId?: string },
): { config: EventSinkConfig; addresses: readonly Address[] } | undefined {
  const url = read(WEBHOOK_SETTING, checkWebhookUrl);
  const endpoint = read(TOPIC_SETTING, checkTopicEndpoint);
  const because = ` (${WEBHOOK_SETTING} is set)`;
  const secrets = isMissing(WEBHOOK_SETTING)
    ? read(SECRETS_SETTING, checkWebhookSecrets)
    : need(SECRETS_SETTING, WEBHOOK_SECRETS_FORM, checkWebhookSecrets, because);
  if (!isMissing(WEBHOOK_SETTING) && !isMissing(TOPIC_SETTING)) {
    problems.push(`${TOPIC_SETTING} and ${WEBHOOK_SETTING} are both set: remove one of them`);
  }
  if (endpoint !== undefined) {
    const config = { kind: 'eventGrid', endpoint, ...signIn } as const;
    return { config, addresses: [{ name: TOPIC_SETTING, role: 'eventGrid', url: endpoint }] };
  }
  if (url === undefined || secrets === undefined) return undefined;
  const allowLoopback = isLoopback(graphBaseUrl);
  if (isLoopback(url) && !allowLoopback) {
    problems.push(`${WEBHOOK_SETTING} is on loopback, which works only while GRAPH_BASE_URL is on loopback`);
  }
  const config = { kind: 'webhook', url, secrets, allowLoopback } as const;
  return { config, addresses: [{ name: WEBHOOK_SETTING, role: 'webhook', url }] };
}

/** The URL of a webhook: https, or plain http on loopback. It may have a query. */
function checkWebhookUrl(text: string): Checked<string> {
  const url = parseHttps(text);
  if (!url) return { problem: `is not an https URL (plain http only on loopback), e.g. ${WEBHOOK_EXAMPLE}` };
  if (url.username !== '' || url.password !== '') return { problem: 'has a user name: remove it' };
  if (text.includes('#')) return { problem: 'has a fragment: remove it' };
  const address = literalAddress(url);
  if (address !== undefined && !isLoopback(text) && !isPublicAddress(address)) {
    return { problem: `is not a public address: events are delivered to the public internet, e.g. ${WEBHOOK_EXAMPLE}` };
  }
  return { value: url.href };
}

/** The endpoint of an Event Grid custom topic, without a slash at the end. */
function checkTopicEndpoint(text: string): Checked<string> {
  const url = parseHttps(text);
  if (!url || url.username !== '' || url.password !== '' || /[?#]/.test(text)) {
    return { problem: `is not the endpoint of an Event Grid topic, e.g. ${TOPIC_EXAMPLE}` };
  }
  const path = url.pathname.replace(/\/+$/, '');
  // A namespace topic has another path, another API and other events.
  if (path !== '/api/events') return { problem: `does not end with /api/events, e.g. ${TOPIC_EXAMPLE}` };
  return { value: `${url.origin}${path}` };
}

/** The keys of the secrets in their order. The problem names the entry that is wrong, never a part of a secret. */
function checkWebhookSecrets(text: string): Checked<readonly Buffer[]> {
  const secrets: Buffer[] = [];
  for (const [index, part] of text.split(',').entries()) {
    const entry = `entry ${index + 1}`;
    const secret = Buffer.from(SECRET.exec(part.trim())?.[1] ?? '', 'base64');
    if (secret.length < SECRET_BYTES.least || secret.length > SECRET_BYTES.most) {
      return { problem: `is not ${WEBHOOK_SECRETS_FORM} in ${entry}` };
    }
    if (!looksRandom(secret)) return { problem: `has a guessable secret in ${entry}: use openssl rand -base64 32` };
    if (secrets.some((known) => known.equals(secret))) return { problem: `has the same secret twice: remove ${entry}` };
    secrets.push(secret);
  }
  if (secrets.length > MOST_SECRETS) return { problem: `has more than ${MOST_SECRETS} secrets: remove the oldest` };
  return { value: secrets };
}

function parseHttps(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(text));
  return isSafe ? url : undefined;
}
