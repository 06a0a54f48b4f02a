import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { isRecord, parseJson } from '../../shared/parse';
import { ofType, readSnapshot, record } from './snapshots';

const root = join(__dirname, '..', '..');
const text = readFileSync(join(root, 'azure.yaml'), 'utf8');

/** The rules of schemas/v1.0/azure.yaml.json of Azure/azure-dev for what this file uses. Names beyond these are refused. */
const script = z.strictObject({ shell: z.enum(['sh', 'pwsh']), run: z.string().min(1) });
const hook = z.strictObject({ posix: script, windows: script });
const schema = z.strictObject({
  name: z
    .string()
    .min(2)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/),
  infra: z.strictObject({ provider: z.enum(['bicep', 'terraform']), path: z.string(), module: z.string() }),
  services: z.record(
    z.string(),
    // A function needs a project. remoteBuild is a rule of this host alone.
    z.strictObject({
      project: z.string(),
      host: z.literal('function'),
      language: z.enum(['js', 'ts']),
      remoteBuild: z.boolean(),
    }),
  ),
  hooks: z.strictObject({ prepackage: hook, predeploy: hook, postprovision: hook }),
});

describe('azure.yaml', () => {
  const project = schema.parse(parse(text));

  it('deploys the packaged app as it is: nothing can be built in Azure', () => {
    expect(project.services).toEqual({
      app: { project: './dist/app', host: 'function', language: 'js', remoteBuild: false },
    });
  });

  it('names a service that the template tags, so that azd finds the function app', () => {
    const [site] = ofType(readSnapshot('smallest'), 'Microsoft.Web/sites');
    expect(Object.keys(project.services)).toEqual([record(site?.record['tags'])['azd-service-name']]);
  });

  it('names files and scripts that exist', () => {
    const { path, module } = project.infra;
    for (const kind of ['bicep', 'bicepparam']) expect(existsSync(join(root, path, `${module}.${kind}`))).toBe(true);
    const manifest = parseJson(readFileSync(join(root, 'package.json'), 'utf8'));
    const scripts = isRecord(manifest) ? record(manifest['scripts']) : {};
    for (const { posix, windows } of Object.values(project.hooks)) {
      const { run } = posix;
      expect(windows).toEqual({ shell: 'pwsh', run });
      const [program, ...words] = run.split(' ');
      if (program === 'npm') expect(scripts).toHaveProperty(words.at(-1) ?? '');
      else expect([program, existsSync(join(root, words[0] ?? ''))]).toEqual(['node', true]);
    }
  });
});
