import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  applyLocalSettings,
  parseLocalSettings,
  readLocalSettings,
} from '../../../../local/functionsHost/settings/localSettings';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'settings-'))));
afterEach(() => rmSync(root, { recursive: true }));

test('the file beside the app is read if it exists', () => {
  expect(readLocalSettings(root, undefined)).toEqual({});
  writeFileSync(join(root, 'local.settings.json'), '\uFEFF{"IsEncrypted":false,"Values":{"A":"1","B":true}}');
  expect(readLocalSettings(root, undefined)).toEqual({ A: '1', B: 'true' });
  expect(readLocalSettings(root, 'none')).toEqual({});
});

test('a named file must exist', () => {
  expect(() => readLocalSettings(root, join(root, 'other.json'))).toThrow('--settings: no file');
});

test('a value of the environment wins (Core Tools: Values become env)', () => {
  const env: NodeJS.ProcessEnv = { A: 'mine' };
  applyLocalSettings({ A: 'file', B: 'file' }, env);
  expect(env).toEqual({ A: 'mine', B: 'file' });
});

test.each([
  ['{', 'is not JSON'],
  ['[]', 'one JSON object'],
  ['{"IsEncrypted":true}', 'func settings decrypt'],
  ['{"Values":[]}', 'Values must be an object'],
  ['{"Values":{"A":{}}}', 'Values.A must be a text'],
])('%s is refused', (text, message) => {
  expect(() => parseLocalSettings('f', text)).toThrow(message);
});
