import fc from 'fast-check';
import { GraphError } from '../../shared/graph/errors';
import { createCliWorld } from '../support/createCliWorld';
import { holdJob } from '../support/createHeldJobs';
import { DEFINITION, PRINTER, putServed, START, TENANT } from '../support/createSubscriptionWorld';

/** Every code point, and often those that a terminal obeys or that change how a line reads. */
const outsideText = fc
  .array(
    fc.oneof(
      fc.constantFrom('\u001b', '\n', '\r', '\t', '\u007f', '\u0085', '\u009b', '\u202e', '\u2066', '\u2028', '\u2029'),
      fc.constantFrom('\u{e0001}', '\u200d', '\ufeff', '\ud800', '\udfff', ' ', '"', '\\', '[2J', ']52;c;', '; ', ', '),
      fc.integer({ min: 0, max: 0x10ffff }).map((codePoint) => String.fromCodePoint(codePoint)),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.join(''));

interface Said {
  verb: string;
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the verbs in a service where each text that other people choose is `text`. */
async function sayEverything(text: string): Promise<{ said: Said[]; questions: string[] }> {
  const questions: string[] = [];
  const world = createCliWorld({
    confirm: (question) => {
      questions.push(question);
      return Promise.resolve(false);
    },
  });
  const said: Said[] = [];
  const run = async (...argv: string[]) => {
    said.push({ verb: argv.join(' '), ...(await world.run(...argv)) });
  };
  const both = async (...argv: string[]) => {
    await run(...argv);
    await run(...argv, '--json');
  };
  await world.addTenant();
  await world.tenants.update(TENANT, (row) => ({ ...row, name: text, lastError: text }));
  await putServed(world, { lastError: text });
  await world.tenantTable.insert({ partitionKey: 'tenant', rowKey: text });
  await world.ledgerTable.insert({
    partitionKey: TENANT,
    rowKey: `jobFetchable_${PRINTER}_1`,
    status: 'failed',
    foundBy: 'graph',
    firstSeenAt: START,
    attempts: 1,
    jobId: '1',
    cause: text,
    job: JSON.stringify({ displayName: text }),
  });
  await world.queue('print-notifications-poison').send(text);
  const token = { tenantId: TENANT, printers: ['p'], createdAt: START, expiresAt: START, keyId: 'k1' } as const;
  await world.tokens.add({ ...token, tokenId: '0123456789abcdef', name: text, status: 'active' });
  const wish = JSON.stringify({ action: 'abort', by: text, at: START });
  const held = await holdJob(world.ledger, 't1', {
    user: text,
    wish,
    job: JSON.stringify({ displayName: text }),
    firstSeenAt: '2026-11-21T00:00:00.000Z',
  });
  const { json } = await world.runJson('poison', 'list');
  const messageId = (json as { ids: string[] }[])[0]?.ids[0] ?? '';

  const of = ['--tenant', TENANT];
  const refuse = () => {
    for (const method of ['GET', 'GET', 'GET', 'GET', 'PATCH', 'POST'] as const) {
      world.graph.nextError(method, new GraphError('graphForbidden', text));
    }
  };
  const answerTriggers = () => {
    world.graph.next('GET', () => ({ value: [{ id: DEFINITION, displayName: text }] }));
    world.administrator.next('GET', () => ({ value: [{ id: 'p1', displayName: text }] }));
    world.administrator.next('GET', () => ({ value: [{ id: text, definition: { id: DEFINITION } }] }));
  };
  await both('status');
  await both('tenants', 'list');
  for (const json of [[], ['--json']]) {
    refuse();
    await run('tenants', 'show', TENANT, ...json);
    world.graph.next('GET', () => ({
      value: [{ id: DEFINITION, displayName: text, createdBy: { displayName: text } }],
    }));
    await run('definitions', 'list', ...of, ...json);
    world.graph.next('POST', () => ({ id: DEFINITION, displayName: text }));
    await run('definitions', 'create', ...of, '--name', 'x', ...json);
    answerTriggers();
    await run('triggers', 'list', ...of, ...json);
  }
  await both('tenants', 'add', TENANT, '--name', 'another');
  await both('subscriptions', 'list');
  await both('subscriptions', 'show', ...of, '--printer', PRINTER);
  await both('jobs', 'list', ...of);
  await both('jobs', 'show', '1', ...of);
  await both('jobs', 'list', '--state', 'held');
  await both('jobs', 'release', held, ...of);
  await both('tenants', 'token', 'list');
  await both('tenants', 'token', 'revoke', '0123456789abcdef', ...of);
  await both('poison', 'list');
  await both('poison', 'show', messageId);
  await both('poison', 'replay', '--all');
  world.graph.nextError('GET', new GraphError('graphForbidden', text));
  await run('--verbose', 'jobs', 'sweep', ...of);
  world.graph.nextError('PATCH', new GraphError('graphRejected', text));
  await run('--verbose', 'subscriptions', 'renew', ...of, '--printer', PRINTER);
  await run('tenants', 'remove', TENANT);
  answerTriggers();
  await run('tenants', 'remove', TENANT, '--yes');
  await both('tenants', 'pause', TENANT);
  await both('tenants', 'resume', TENANT);
  return { said, questions };
}

const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;
const countLines = (text: string) => text.split('\n').length;

it('text from outside reaches the terminal harmless, whatever it is', async () => {
  const plain = await sayEverything('x');
  await fc.assert(
    fc.asyncProperty(outsideText, async (text) => {
      const { said, questions } = await sayEverything(text);
      for (const [index, { verb, code, stdout, stderr }] of said.entries()) {
        const expected = plain.said[index];
        if (!expected) throw new Error('more verbs than without the text');
        const lines = (one: Said) => ({ stdout: countLines(one.stdout), stderr: countLines(one.stderr) });
        expect({ verb, code, ...lines({ verb, code, stdout, stderr }) }).toEqual({
          verb,
          code: expected.code,
          ...lines(expected),
        });
        expect({ verb, harmful: HARMFUL.test(`${stdout}${stderr}`.replaceAll('\n', '')) }).toEqual({
          verb,
          harmful: false,
        });
      }
      expect(questions).toHaveLength(plain.questions.length);
      expect(questions.join('')).not.toMatch(HARMFUL);
    }),
    { numRuns: 30 },
  );
}, 60_000);

it('--json gives back the same text, whatever it is', async () => {
  await fc.assert(
    fc.asyncProperty(outsideText, async (text) => {
      const { said } = await sayEverything(text);
      const json = (verb: string): unknown =>
        JSON.parse(said.find((one) => one.verb === `${verb} --json`)?.stdout ?? '');
      expect(json('tenants list')).toMatchObject([{ name: text, lastError: text }]);
      expect(json(`tenants show ${TENANT}`)).toMatchObject({ name: text });
      expect(json('status')).toMatchObject({ tenantErrors: [{ error: text }] });
      expect(json('subscriptions list')).toMatchObject([{ lastError: text }]);
      expect(json(`definitions list --tenant ${TENANT}`)).toMatchObject([{ displayName: text, appName: text }]);
      expect(json(`triggers list --tenant ${TENANT}`)).toMatchObject([{ id: text, printerName: text }]);
      expect(json(`jobs list --tenant ${TENANT}`)).toMatchObject([{ cause: text }, {}]);
      expect(json('jobs list --state held')).toMatchObject([{ displayName: text, wish: { by: text } }]);
      expect(json('tenants token list')).toMatchObject([{ name: text }]);
      expect(json(`jobs show 1 --tenant ${TENANT}`)).toMatchObject([{ job: { displayName: text } }]);
      const poison = said.find(({ verb }) => /^poison show .* --json$/.test(verb));
      expect(JSON.parse(poison?.stdout ?? '')).toMatchObject({ text });
    }),
    { numRuns: 15 },
  );
}, 60_000);

it('arguments are quoted harmless in usage errors', async () => {
  await fc.assert(
    fc.asyncProperty(outsideText, async (text) => {
      for (const argv of [[text], ['tenants', text], ['tenants', 'list', `--${text}`], ['tenants', 'show', text]]) {
        const { stdout, stderr } = await createCliWorld().run(...argv);
        expect(`${stdout}${stderr}`.replaceAll('\n', '')).not.toMatch(HARMFUL);
      }
    }),
    { numRuns: 60 },
  );
});

it('a line end in an argument forges no line of a usage error', async () => {
  expect(await createCliWorld().run('tenants', 'a\nerror: forged')).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'error: The argument "a\\nerror: forged" is not one line of text. Add --help to see what the command takes.\n',
  });
});
