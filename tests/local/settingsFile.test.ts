import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  readSettingsValues,
  withCertificates,
  withFreshKeys,
  withoutOldCertificates,
  writeSettingsFile,
} from '../../local/settingsFile';
import { testKey } from '../support/testKey';

const file = (values: Record<string, string>) => JSON.stringify({ IsEncrypted: false, Values: values });

describe('local.settings.json as npm start writes it', () => {
  it('can be read by its owner alone, also where it existed with another mode', () => {
    const folder = mkdtempSync(join(tmpdir(), 'settings-'));
    try {
      const path = join(folder, 'local.settings.json');
      writeSettingsFile(path, 'new');
      expect([statSync(path).mode & 0o777, readFileSync(path, 'utf8')]).toEqual([0o600, 'new']);
      const shared = join(folder, 'shared.json');
      writeFileSync(shared, 'old', { mode: 0o644 });
      writeSettingsFile(shared, 'new');
      expect([statSync(shared).mode & 0o777, readFileSync(shared, 'utf8')]).toEqual([0o600, 'new']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a new one has a key of its own of 32 bytes, the least that CLIENT_STATE_KEYS takes', () => {
    const text = withFreshKeys(file({ A: '1', CLIENT_STATE_KEYS: '' }), () => testKey(7));
    expect(readSettingsValues(text)).toEqual({
      A: '1',
      CLIENT_STATE_KEYS: `local1:${testKey(7).toString('base64')}`,
    });
    expect(JSON.parse(text)).toMatchObject({ IsEncrypted: false });
  });

  it('names the certificate of the simulator, for the command line in another terminal', () => {
    const text = withCertificates(file({ NODE_EXTRA_CA_CERTS: '' }), '/tmp/graph-simulator-1/ca.pem');
    expect(readSettingsValues(text)).toEqual({ NODE_EXTRA_CA_CERTS: '/tmp/graph-simulator-1/ca.pem' });
  });

  it('leaves a certificate file alone that somebody chose, and one of an earlier start goes', () => {
    const chosen = file({ NODE_EXTRA_CA_CERTS: '/etc/ca.pem' });
    expect(withoutOldCertificates(chosen, () => true)).toBe(chosen);
    expect(withCertificates(chosen, '/tmp/graph-simulator-1/ca.pem')).toBe(chosen);
    for (const [path, exists] of [
      ['/etc/ca.pem', false],
      ['/tmp/graph-simulator-0/ca.pem', true],
      ['C:\\Temp\\graph-simulator-0\\ca.pem', true],
    ] as const) {
      const cleaned = withoutOldCertificates(file({ NODE_EXTRA_CA_CERTS: path }), () => exists);
      expect(readSettingsValues(cleaned)).toEqual({});
    }
  });

  it('says what to do with a file that is none', () => {
    expect(() => readSettingsValues('\uFEFF{}')).toThrow('local.settings.example.json');
  });
});
