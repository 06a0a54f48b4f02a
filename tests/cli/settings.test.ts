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

  it.each(SETTING_NAMES)('takes no setting of the app from the file while the environment has %s', async (name) => {
    await write(
      JSON.stringify({ Values: { ...Object.fromEntries(SETTING_NAMES.map((one) => [one, 'file'])), A: 'file' } }),
    );
    expect(await readSettings({ [name]: 'env' }, directory)).toEqual({ [name]: 'env', A: 'file' });
    expect(await readSettings({ [name]: ' ' }, directory)).toMatchObject({ [name]: 'file' });
  });

  it('works without the file while the environment has a setting of the app, and without Values', async () => {
    const env = { CLIENT_STATE_KEYS: 'env', A: 'env' };
    expect(await readSettings(env, directory)).toEqual(env);
    await write('{}');
    expect(await readSettings({}, directory)).toEqual({});
  });

  it.each([[{}], [{ A: 'env', CLIENT_STATE_KEYS: ' ', FUNCTIONS_WORKER_RUNTIME: 'node' }]])(
    'names the folder without the file, when the environment has no setting of the app: %j',
    async (env) => {
      const error: unknown = await readSettings(env, directory).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'configInvalid', details: [] });
      expect(String(error)).toContain(`No local.settings.json in ${directory}, and no setting of the app`);
      expect(String(error)).toMatch(/folder of the project.*npm start.*environment/);
    },
  );

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
