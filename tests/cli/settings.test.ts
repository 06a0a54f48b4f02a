import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../../cli/settings';
import { SETTING_NAMES } from '../../shared/config';

describe('readSettings: the environment or local.settings.json', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'settings-'));
  });
  afterEach(() => rm(directory, { recursive: true }));
  const write = (text: string) => writeFile(join(directory, 'local.settings.json'), text);

  it('prefers the environment over the file, except for empty values', async () => {
    await write('\uFEFF{"IsEncrypted":false,"Values":{"A":"file","B":"file","C":"file"}}');
    expect(await readSettings({ A: 'env', B: ' ', D: 'env', E: undefined }, directory)).toEqual({
      A: 'env',
      B: 'file',
      C: 'file',
      D: 'env',
    });
  });

  const SOURCED = SETTING_NAMES.filter((name) => name !== 'TRUSTED_HOSTS');

  it.each(SOURCED)('takes no setting of the app from the file while the environment has %s', async (name) => {
    const values = Object.fromEntries([...SOURCED, 'FUNCTION_KEY'].map((one) => [one, 'file']));
    await write(JSON.stringify({ Values: { ...values, A: 'file' } }));
    expect(await readSettings({ [name]: 'env' }, directory)).toEqual({ [name]: 'env', A: 'file' });
    expect(await readSettings({ [name]: ' ' }, directory)).toMatchObject({ [name]: 'file' });
  });

  it('takes the function key from where the address of the app is', async () => {
    await write('{"Values":{"PUBLIC_BASE_URL":"https://file.example/api"}}');
    expect(await readSettings({ FUNCTION_KEY: 'env' }, directory)).toEqual({
      PUBLIC_BASE_URL: 'https://file.example/api',
    });
    const env = { FUNCTION_KEY: 'env', PUBLIC_BASE_URL: 'https://env.example/api' };
    expect(await readSettings(env, directory)).toEqual(env);
    await write('{"Values":{"FUNCTION_KEY":"file"}}');
    expect(await readSettings({ FUNCTION_KEY: 'env' }, directory)).toEqual({ FUNCTION_KEY: 'file' });
  });

  describe('hosts beyond loopback in TRUSTED_HOSTS', () => {
    const values = { TRUSTED_HOSTS: 'https://evil.example', CLIENT_STATE_KEYS: 'file' };

    it.each(['https://evil.example', 'http://127.0.0.1:10000,https://evil.example', 'no origin'])(
      'are refused in the file, with the name of the setting and the remedy: %s',
      async (TRUSTED_HOSTS) => {
        await write(JSON.stringify({ Values: { ...values, TRUSTED_HOSTS } }));
        const error: unknown = await readSettings({}, directory).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'configInvalid' });
        expect(String(error)).toMatch(/TRUSTED_HOSTS in local.settings.json .*Set TRUSTED_HOSTS in the environment/);
      },
    );

    it('count in the environment, where they leave the other settings to the file', async () => {
      await write(JSON.stringify({ Values: values }));
      const env = { TRUSTED_HOSTS: 'https://graph.example' };
      expect(await readSettings(env, directory)).toEqual({ ...env, CLIENT_STATE_KEYS: 'file' });
      await write('{}');
      expect(await readSettings(env, directory)).toEqual(env);
    });

    it('in a file that is not used change nothing', async () => {
      await write(JSON.stringify({ Values: values }));
      expect(await readSettings({ CLIENT_STATE_KEYS: 'env' }, directory)).toEqual({ CLIENT_STATE_KEYS: 'env' });
    });
  });

  it.each(['', 'http://127.0.0.1:10000, https://localhost:7443'])(
    'takes TRUSTED_HOSTS on this machine from the file: %p',
    async (TRUSTED_HOSTS) => {
      await write(JSON.stringify({ Values: { TRUSTED_HOSTS } }));
      expect(await readSettings({}, directory)).toEqual({ TRUSTED_HOSTS });
    },
  );

  it('works without the file while the environment has a setting of the app, and without Values', async () => {
    const env = { CLIENT_STATE_KEYS: 'env', A: 'env' };
    expect(await readSettings(env, directory)).toEqual(env);
    await write('{}');
    expect(await readSettings({}, directory)).toEqual({});
  });

  it.each([
    [{}],
    [{ A: 'env', CLIENT_STATE_KEYS: ' ', FUNCTIONS_WORKER_RUNTIME: 'node' }],
    [{ TRUSTED_HOSTS: 'https://graph.example', FUNCTION_KEY: 'env' }],
  ])('names the folder without the file, when the environment has no setting of the app: %j', async (env) => {
    const error: unknown = await readSettings(env, directory).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'configInvalid', details: [] });
    expect(String(error)).toContain(`No local.settings.json in ${directory}, and no setting of the app`);
    expect(String(error)).toMatch(/folder of the project.*npm start.*environment/);
  });

  it.each([
    ['{"Values":{"KEY":"secret"', 'not JSON'],
    ['[]', '"Values"'],
    ['{"Values":"secret"}', '"Values"'],
    ['{"Values":{"KEY":{"secret":1}}}', 'KEY'],
  ])('names the problem of the file without its content: %s', async (text, expected) => {
    await write(text);
    const error: unknown = await readSettings({}, directory).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'configInvalid' });
    expect(String(error)).toContain(expected);
    expect(String(error)).not.toContain('secret');
  });

  it('reports that the file cannot be read', async () => {
    await rm(directory, { recursive: true });
    await writeFile(directory, '');
    await expect(readSettings({}, directory)).rejects.toMatchObject({ code: 'configInvalid' });
  });
});
