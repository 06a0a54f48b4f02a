import { calledAs, createHints } from '../../cli/hints';
import { createCliWorld } from '../support/createCliWorld';

const COMMANDS = ['tenants list', 'tenants token list', 'jobs sweep', 'subscriptions reconcile', 'status', 'listen'];

describe('how the command was called', () => {
  it.each([
    ['bin/upr', {}, 'upr'],
    ['bin/universal-print-receiver', {}, 'universal-print-receiver'],
    ['cli/run.cjs', {}, 'npm run -s cli --'],
    ['cli/run.cjs', { npm_lifecycle_event: 'cli' }, 'npm run -s cli --'],
    [undefined, {}, 'npm run -s cli --'],
  ])('%s is %3$s', (script, env, name) => {
    expect(calledAs(script, env)).toBe(name);
  });
});

describe('hints', () => {
  const hint = createHints('upr', COMMANDS);
  it.each([
    ['See: tenants list', 'See: upr tenants list'],
    ['See: tenants token list', 'See: upr tenants token list'],
    ['Delete each (tenants list), or add --force.', 'Delete each (upr tenants list), or add --force.'],
    ['To retry now: subscriptions reconcile --retry-now', 'To retry now: upr subscriptions reconcile --retry-now'],
    ['Run tenants list, or jobs sweep --tenant t.', 'Run upr tenants list, or upr jobs sweep --tenant t.'],
    ['4 more documents cannot be read: status --json', '4 more documents cannot be read: upr status --json'],
    ['  npm run -s cli -- tenants list', '  upr tenants list'],
  ])('%s', (line, wanted) => {
    expect(hint(line)).toBe(wanted);
  });

  it.each(['jobs sweep needs --tenant <id>', 'The state: status of the job', 'A table: tenants', 'jobs listed: 4'])(
    'leaves %s as it is',
    (line) => {
      expect(hint(line)).toBe(line);
    },
  );

  it('can be pasted as printed: in output, errors and help', async () => {
    const world = createCliWorld({ calledAs: 'upr' });
    expect((await world.run('tenants', 'list')).stdout).toContain('Add one: upr tenants add <tenantId>');
    expect((await world.run('tenants', 'add', '--help')).stdout).toContain('\n  upr tenants add ');
    expect((await world.run('poison', 'replay', '0a0a0a0a')).stderr).toContain('See: upr poison list');
  });
});
