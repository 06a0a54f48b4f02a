import { neededPermissions } from '../../../shared/rules/neededPermissions';
import { rulesDocument } from '../../../shared/rules/document';

const needed = (rules: object[], more: object = {}) =>
  neededPermissions(
    rulesDocument.parse({
      version: 1,
      rules: rules.map((rule, index) => ({ name: `r${index}`, on: 'jobStarted', ...rule })),
      ...more,
    }),
  ).map(({ permission, neededFor }) => [permission, ...neededFor]);

const READ = [
  ['PrintJob.ReadBasic.All', 'reading jobs'],
  ['Printer.Read.All', 'reading jobs'],
];
const STARTED = [...READ, ['PrintTaskDefinition.ReadWrite.All', 'completing tasks']];
const CHANGE = 'PrintJob.ReadWriteBasic.All';
const REDIRECT = 'PrintJob.Manage.All';

// The least permissions are those of the pages printjob-get, -update, -abort, -redirect and printtaskdefinition-update-task.
describe('the permissions that rules need', () => {
  it.each([
    ['no rules', [], READ],
    ['notify', [{ on: 'jobFetchable', then: { notify: {} } }], READ],
    ['release', [{ then: { release: {} } }], STARTED],
    ['hold, then release', [{ then: { hold: { for: '1h', else: 'release' } } }], STARTED],
    ['hold, then abort', [{ then: { hold: { for: '1h', else: 'abort' } } }], [...STARTED, [CHANGE, 'rule "r0"']]],
    ['archive', [{ on: 'jobFetchable', then: { archive: {} } }], [...READ, ['PrintJob.Read.All', 'rule "r0"']]],
    [
      'hold with the document',
      [{ then: { hold: { for: '1h', else: 'release', document: true } } }],
      [...STARTED, ['PrintJob.Read.All', 'rule "r0"']],
    ],
    ['abort', [{ then: { abort: {} } }], [...STARTED, [CHANGE, 'rule "r0"']]],
    [
      'release with a change',
      [{ then: { release: {}, configure: { copies: 1 } } }],
      [...STARTED, [CHANGE, 'rule "r0"']],
    ],
    ['redirect', [{ then: { redirect: { printer: 'p2' } } }], [...STARTED, [REDIRECT, 'rule "r0"']]],
    [
      'redirect with a change, which is part of the redirect',
      [{ then: { redirect: { printer: 'p2' }, configure: { copies: 1 } } }],
      [...STARTED, [REDIRECT, 'rule "r0"']],
    ],
    [
      'several rules that need the same one',
      [{ when: { copies: 1 }, then: { abort: {} } }, { then: { abort: {} } }],
      [...STARTED, [CHANGE, 'rule "r0"', 'rule "r1"']],
    ],
  ])('%s', (_name, rules, expected) => {
    expect(needed(rules)).toEqual(expected);
  });

  it('onFailure: abort needs to abort, and a virtual printer needs to redirect', () => {
    expect(needed([], { onFailure: 'abort', virtualPrinters: ['p1'] })).toEqual([
      ...READ,
      [CHANGE, 'onFailure'],
      [REDIRECT, 'virtualPrinters'],
    ]);
  });
});
