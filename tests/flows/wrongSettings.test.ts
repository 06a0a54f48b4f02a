import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../support/runCommand';
import { UNREACHABLE_SETTINGS } from '../support/unreachableSettings';

/** A bound on a command that hangs. */
const COMMAND_MS = 60_000;

/** The built command with wrong settings. Nothing listens at the addresses of these settings, and nothing is asked. */
describe('the command, with settings that are missing or wrong', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'settings-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const VERBS = ['tenants list', 'status', 'doctor', 'jobs sweep', 'events list', 'rules pull'].map(
    (verb) => [verb] as const,
  );

  it.each(VERBS)(
    '%s from another folder names the missing local.settings.json first',
    async (verb) => {
      const { code, stdout, stderr } = await runCommand(verb.split(' '), { env: {}, cwd: folder });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^error: No local\.settings\.json in /);
      expect(stderr).toContain(folder);
      expect(stderr).toContain('npm start');
      expect(stderr).not.toContain('is missing');
      expect(stderr.trim().split('\n')).toHaveLength(1);
    },
    COMMAND_MS,
  );

  it(
    'the file of the current folder is used',
    async () => {
      writeFileSync(
        join(folder, 'local.settings.json'),
        JSON.stringify({ Values: { ...UNREACHABLE_SETTINGS, CLIENT_STATE_KEYS: 'foo' } }),
      );
      const { stderr } = await runCommand(['tenants', 'list'], { env: {}, cwd: folder });
      expect(stderr).toContain('CLIENT_STATE_KEYS has no keyId in entry 1: set it to keyId:base64');
    },
    COMMAND_MS,
  );

  it.each([
    [{ AzureWebJobsStorage: 'nonsense' }, 'AzureWebJobsStorage is not a connection string: copy it from Access keys'],
    [{ AzureWebJobsStorage: 'UseDevelopmentStorage=yes' }, 'set it to UseDevelopmentStorage=true'],
    [
      { AzureWebJobsStorage: 'AccountName=acc' },
      'AzureWebJobsStorage has neither AccountKey nor SharedAccessSignature',
    ],
    [{ EVENTS_STORAGE__queueServiceUri: 'nonsense' }, 'EVENTS_STORAGE__queueServiceUri is not an https URL'],
    [{ CLIENT_STATE_KEYS: 'foo' }, 'CLIENT_STATE_KEYS has no keyId in entry 1'],
    [{ CLIENT_STATE_KEYS: 'k1:QQ==' }, 'CLIENT_STATE_KEYS has a key of 1 byte, which is too short, in entry 1'],
    [{ ENTRA_CLIENT_CERTIFICATE: '/run/app.pem' }, 'names a file: set ENTRA_CLIENT_CERTIFICATE_PATH to its path'],
    [{ ENTRA_CLIENT_ID: 'app' }, 'ENTRA_CLIENT_ID is not a GUID: set it to the application (client) id'],
    [{ PUBLIC_BASE_URL: 'https://app.example.com/api/notifications' }, 'PUBLIC_BASE_URL ends with a route of the app'],
  ])(
    '%j is named with what is wrong in it',
    async (wrong, words) => {
      const env = { ...UNREACHABLE_SETTINGS, ...wrong };
      const { code, stdout, stderr } = await runCommand(['tenants', 'list'], { env, cwd: folder });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('1 setting to correct:\n');
      expect(stderr).toContain(words);
      expect(stderr).not.toMatch(/Unexpected|Cannot reach/);
    },
    COMMAND_MS,
  );
});
