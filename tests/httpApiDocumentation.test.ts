import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { actOnJob, releaseJobs, searchJobs, showJob } from '../shared/heldJobs/actOnHeldJobs';
import { ANSWER_STATUS } from '../shared/heldJobs/answers';
import { WISH_ACTIONS } from '../shared/jobs/wishes';
import { createCliWorld } from './support/createCliWorld';
import { createHeldJobs, DEVICE, OPERATOR, TENANT } from './support/createHeldJobs';

const ROOT = join(__dirname, '..');
const page = readFileSync(join(ROOT, 'docs', 'http-api.md'), 'utf8');

/** The words in backticks of the first cells of a table. */
function firstColumn(heading: string): string[] {
  const table = new RegExp(`^\\| ${heading} .*\\n\\|.*\\n((?:\\|.*\\n)+)`, 'm').exec(page)?.[1] ?? '';
  return [...table.matchAll(/^\| `((?:[^`])+)`/gm)].map(([, word = '']) => word.replaceAll('\\|', '|'));
}

describe('docs/http-api.md', () => {
  it('names exactly the routes that the app registers', () => {
    const registered = ['operatorJobs', 'deviceJobs', 'health', 'status'].flatMap((file) => {
      const source = readFileSync(join(ROOT, 'functions', `${file}.ts`), 'utf8');
      const routes = /methods: \['(\w+)'\],[^}]*?route: '([^']+)'/g;
      return [...source.matchAll(routes)].map(([, method = '', route = '']) => `${method} /api/${route}`);
    });
    expect(registered).toHaveLength(10);
    const actions = WISH_ACTIONS.join('|');
    expect(firstColumn('route')).toEqual(registered.map((route) => route.replace('{action}', actions)));
  });

  it('names each code with its status', () => {
    const rows = [...page.matchAll(/^\| `(\w+)` +\| (\d{3}) +\|/gm)].map(([, code, status]) => [code, Number(status)]);
    expect(rows).toEqual(Object.entries(ANSWER_STATUS));
  });

  it('shows an error as the app answers it', async () => {
    const shown = /^\{\n {2}"error"[\s\S]*?^\}$/m.exec(page)?.[0] ?? '';
    const world = createHeldJobs();
    const key = await world.hold('t1');
    const job = { tenant: TENANT, key, action: 'release' } as const;
    const { body } = await actOnJob(world.deps, OPERATOR, job, '{"configure":{"copies":0}}');
    expect(body).toEqual(JSON.parse(shown));
  });

  it('shows a found job with the fields that the app answers', async () => {
    const shown = JSON.parse(/^\{\n {2}"jobs"[\s\S]*?^\}$/m.exec(page)?.[0] ?? '') as { jobs: object[] };
    const world = createHeldJobs();
    await world.hold('t1');
    await world.hold('t2');
    const { body } = await searchJobs(world.deps, OPERATOR, JSON.stringify({ tenant: TENANT, limit: 1 }));
    const found = body as { jobs: object[] };
    expect(Object.keys(shown)).toEqual(Object.keys(found));
    expect(Object.keys(shown.jobs[0] ?? {})).toEqual(Object.keys(found.jobs[0] ?? {}));
  });

  const curls = [
    ...page
      .replaceAll('\\\n', ' ')
      .matchAll(/^curl (?:-X POST )?"?https:\/\/app\.azurewebsites\.net\/api\/(\S+?)"? (.*)$/gm),
  ];
  const ofJobs = curls.filter(([, path]) => path !== 'status');
  it.each(ofJobs.map(([line = '', path = '', rest = '']) => ({ line, path, rest })))(
    '$path with the body of the page is accepted',
    async ({ path, rest }) => {
      const world = createHeldJobs();
      const key = await world.hold('t1');
      const body = / -d '(.*)'$/.exec(rest)?.[1];
      const ofDevice = path.startsWith('device/');
      expect(rest).toContain(ofDevice ? 'Authorization: Bearer' : 'x-functions-key');
      const caller = ofDevice ? { ...DEVICE, printers: ['66666666-6666-6666-6666-666666666666'] } : OPERATOR;
      const words = path.replace('$KEY', key).split('/');
      const last = words.at(-1) ?? '';
      const action = WISH_ACTIONS.find((one) => one === last);
      const job = { key, ...(ofDevice ? {} : { tenant: words[1] ?? '' }) };
      const answer = async () => {
        if (body === undefined) return showJob(world.deps, caller, job);
        if (last === 'search') return searchJobs(world.deps, caller, body);
        if (action === undefined || !path.includes('$KEY')) return releaseJobs(world.deps, caller, body);
        return actOnJob(world.deps, caller, { ...job, action }, body);
      };
      const { status } = await answer();
      expect(status).toBe(body === undefined || last === 'search' ? 200 : 202);
    },
  );

  it('has an example of every kind of request', () => {
    expect(ofJobs.length).toBe(8);
    expect(curls.filter(([, path]) => path === 'status')).toHaveLength(1);
  });

  it('names the fields of the status as the app answers them', async () => {
    const { json } = await createCliWorld().runJson('status');
    const named = firstColumn('field        \\| means  ').filter((field) => field !== 'settings');
    expect(named).toEqual(['state', 'version', 'reasons', 'queues', 'keys']);
    for (const field of named) expect(json).toHaveProperty(field);
  });

  const commands = [...page.matchAll(/^npm run -s cli -- (.+)$/gm)].map(([, words = '']) => words);
  it.each(commands)('%s: is a command with these options', async (words) => {
    const verb = words.split(' ').slice(0, words.startsWith('tenants token') ? 3 : 2);
    const { code, stdout } = await createCliWorld().run(...verb, '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Usage: .* ${verb.join(' ')} `));
    for (const [option] of words.matchAll(/ --[a-z]+/g)) expect(stdout).toContain(` ${option} <`);
  });

  it('is linked from the README and from docs/pull-printing.md', () => {
    for (const file of ['README.md', 'docs/pull-printing.md']) {
      expect(readFileSync(join(ROOT, file), 'utf8')).toMatch(/\]\((docs\/)?http-api\.md\)/);
    }
  });
});
