import { createHmac, hkdfSync } from 'node:crypto';

/**
 * A message as the app signs it (docs/decisions/0002), computed here from the bare definition and not by the product.
 *
 * @param settings of the app, with CLIENT_STATE_KEYS
 */
export function signedMessage(settings: Readonly<Record<string, string>>, queue: string, event: object) {
  const [keyId = '', key = ''] = (settings['CLIENT_STATE_KEYS'] ?? '').split(',')[0]?.split(':') ?? [];
  const derived = Buffer.from(hkdfSync('sha256', Buffer.from(key, 'base64'), '', `queue ${queue}`, 32));
  const mac = createHmac('sha256', derived).update(JSON.stringify(event)).digest('base64url');
  return { event, mac: `${keyId}.${mac}` };
}
