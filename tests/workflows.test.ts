import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isRecord } from '../shared/parse';

const ROOT = join(__dirname, '..');
const FOLDER = join(ROOT, '.github', 'workflows');
const files = readdirSync(FOLDER);
const readText = (file: string) => readFileSync(join(FOLDER, file), 'utf8');

interface Step {
  uses?: unknown;
  run?: unknown;
  with?: unknown;
}

function readWorkflow(file: string): Record<string, unknown> {
  const workflow: unknown = parse(readText(file));
  if (!isRecord(workflow)) throw new Error(`${file} is no workflow`);
  return workflow;
}

function jobsOf(file: string): [string, Record<string, unknown>][] {
  const { jobs } = readWorkflow(file);
  return Object.entries(isRecord(jobs) ? jobs : {}).flatMap(([name, job]) => (isRecord(job) ? [[name, job]] : []));
}

function stepsOf(file: string): Step[] {
  return jobsOf(file).flatMap(([, { steps }]) => (Array.isArray(steps) ? steps.filter(isRecord) : []));
}

const runsOf = (file: string) => stepsOf(file).flatMap(({ run }) => (typeof run === 'string' ? [run] : []));

/** `contents: write` as [contents, write]. */
const grantsOf = (permissions: unknown) => (isRecord(permissions) ? Object.entries(permissions) : []);

it('the workflows are CI, release and deployment', () => {
  expect(files.sort()).toEqual(['ci.yml', 'deploy.yml', 'release.yml']);
});

// https://docs.github.com/en/actions/reference/security/secure-use
describe.each(files)('the workflow %s', (file) => {
  it('uses each action at a commit, with its version beside it', () => {
    const lines = readText(file)
      .split('\n')
      .filter((line) => /\buses:/.test(line));
    expect(lines.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
    expect(lines).toHaveLength(stepsOf(file).filter(({ uses }) => uses !== undefined).length);
  });

  it('may do nothing but read, apart from jobs that say what they may do', () => {
    const { permissions } = readWorkflow(file);
    expect(isRecord(permissions)).toBe(true);
    expect(grantsOf(permissions).filter(([, access]) => access !== 'read')).toEqual([]);
    const undeclared = jobsOf(file).filter(
      ([, job]) => job['permissions'] !== undefined && !isRecord(job['permissions']),
    );
    expect(undeclared).toEqual([]);
  });

  it('runs no code of packages in a job that may write or sign in', () => {
    const privileged = jobsOf(file).filter(([, { permissions }]) =>
      grantsOf(permissions).some(([, access]) => access === 'write'),
    );
    const running = privileged.filter(([, job]) =>
      /\b(npm|npx|node)\b|actions\/checkout/.test(JSON.stringify(job['steps'])),
    );
    expect(running.map(([name]) => name)).toEqual([]);
  });

  it('stores no secret, and puts no value of a caller into a script', () => {
    expect(readText(file)).not.toMatch(/\bsecrets\b/);
    // Inputs, tags and variables reach a script as environment variables, so that it cannot run their text.
    expect(runsOf(file).filter((run) => run.includes('${{'))).toEqual([]);
    expect(runsOf(file).filter((run) => /\b(echo|printf|printenv|env)\b|set -x/.test(run))).toEqual([]);
  });

  it('leaves no credentials in a checkout', () => {
    const checkouts = stepsOf(file).filter(({ uses }) => String(uses).startsWith('actions/checkout@'));
    expect(checkouts.filter((step) => !isRecord(step.with) || step.with['persist-credentials'] !== false)).toEqual([]);
  });

  it('ends each job after a time of its own', () => {
    expect(jobsOf(file).filter(([, job]) => typeof job['timeout-minutes'] !== 'number')).toEqual([]);
  });

  it('runs scripts and files that exist', () => {
    const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const scripts = isRecord(manifest) && isRecord(manifest['scripts']) ? Object.keys(manifest['scripts']) : [];
    const text = runsOf(file).join('\n');
    const called = [...text.matchAll(/npm (?:run )?([\w:-]+)/g)].map(([, name]) => name ?? '');
    expect(called.filter((name) => !['ci', 'test', ...scripts].includes(name))).toEqual([]);
    const paths = [...text.matchAll(/(?:^|\s)((?:\.ci|tests|scripts)\/[\w./-]+)/gm)].map(([, path]) => path ?? '');
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe('the release', () => {
  it('attests the package twice: where it was built, and what it contains', () => {
    const subjects = stepsOf('release.yml')
      .filter(({ uses }) => String(uses).startsWith('actions/attest@'))
      .map((step) => step.with);
    expect(subjects).toEqual([
      { 'subject-path': 'universal-print-receiver.zip' },
      { 'subject-path': 'universal-print-receiver.zip', 'sbom-path': 'universal-print-receiver.cdx.json' },
    ]);
  });

  it('is deployed only after its attestation was verified', () => {
    const order = stepsOf('deploy.yml').map(({ run, uses }) => String(run ?? uses));
    const verified = order.findIndex((step) => step.includes('gh attestation verify'));
    const deployed = order.findIndex((step) => step.includes('config-zip'));
    expect(verified).toBeGreaterThanOrEqual(0);
    expect(deployed).toBeGreaterThan(verified);
  });
});

it('CI runs what a developer runs, on the lowest Node version and on the one in Azure', () => {
  expect(runsOf('ci.yml')).toContain('.ci/run');
  const versions = stepsOf('ci.yml').flatMap((step) => (isRecord(step.with) ? [step.with['node-version']] : []));
  expect(versions).toEqual(expect.arrayContaining([20, 24]));
});
