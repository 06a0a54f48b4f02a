import { checkDocument } from '../../../shared/rules/check';
import { formatPath } from '../../../shared/rules/readDocument';
import { parseRules } from '../../support/arbitraryRules';

const release = { release: {} };
const abort = { abort: {} };
const hold = { hold: { for: '4h', else: 'abort' } };

function find(document: object): string[] {
  const found = checkDocument(parseRules({ version: 1, rules: [], ...document }));
  return found.map(({ severity, path, message }) => `${severity} ${formatPath(path)} ${message}`);
}
const rules = (...whens: object[]) => ({
  lists: { a: ['p1'], empty: [] },
  rules: whens.map((when, index) => ({ name: `r${index}`, on: 'jobStarted', when, then: release })),
});
const errorsIn = (document: object) => find(document).filter((line) => line.startsWith('error'));

describe('a rule that is never reached', () => {
  const unreached = 'error $.rules[1] is never reached: "r0" decides on all of its jobs';

  test.each([
    ['after one for every job', {}, { copies: 1 }],
    ['after the same', { user: 'a' }, { user: 'a' }],
    ['after a wider list', { colorMode: ['color', 'auto'] }, { colorMode: 'Color' }],
    ['after a wider pattern', { user: '*@contoso.com' }, { user: '*@contoso.com', copies: 1 }],
    ['after a wider pattern of the same field', { mediaSize: 'a*' }, { mediaSize: ['A3', 'A4*'] }],
    ['after a wider range', { copies: { above: 5 } }, { copies: { above: 9, below: 20 } }],
    ['after a wider range with a number', { copies: { above: 5 } }, { copies: 6 }],
    ['after the list that has the printer', { printer: { list: 'a' } }, { printer: 'P1' }],
    ['after one condition of several', { all: [{ copies: 1 }] }, { copies: 1, colorMode: 'color' }],
    ['after one of which any holds', { any: [{ copies: 1 }, { copies: 2 }] }, { copies: 2 }],
    ['after the same negation', { not: { copies: 1 } }, { not: { copies: 1 }, user: 'a' }],
    [
      'after the same choice',
      { any: [{ copies: 1 }, { user: 'x' }] },
      { any: [{ copies: 1 }, { user: 'x' }], copies: 3 },
    ],
  ])('%s', (_name, wide, narrow) => {
    expect(find(rules(wide, narrow))).toContain(unreached);
  });

  test.each([
    ['a narrower list', { colorMode: 'color' }, { colorMode: ['color', 'auto'] }],
    ['a narrower pattern', { user: 'a*b' }, { user: 'a*' }],
    ['another field', { copies: 1 }, { user: 'a' }],
    ['a rule for redirected jobs, which others leave alone', {}, { redirected: true }],
    ['a rule for other jobs', { redirected: true }, {}],
    ['patterns that only look alike', { mediaSize: '*a' }, { mediaSize: '*a*' }],
  ])('not after %s', (_name, first, second) => {
    expect(find(rules(first, second)).join()).not.toContain('is never reached');
  });

  test('not after a rule for another event', () => {
    const all = { name: 'f', on: 'jobFetchable', then: { notify: {} } };
    expect(find({ rules: [all, { name: 's', on: 'jobStarted', then: release }] })).toEqual([]);
  });
});

describe('a condition that can never hold', () => {
  test.each([
    ['an empty range', { copies: { above: 5, below: 6 } }, ''],
    ['no copies', { copies: { below: 1 } }, ''],
    ['an empty list of printers', { printer: { list: 'empty' } }, ''],
    ['the negation of what always holds', { not: {} }, ''],
    ['two words of one field', { colorMode: 'color', all: [{ colorMode: 'grayscale' }] }, ''],
    ['two ranges apart', { all: [{ copies: { above: 9 } }, { copies: { below: 5 } }] }, ''],
    ['a word that the pattern does not match', { mediaSize: 'A3', all: [{ mediaSize: 'iso*' }] }, ''],
    ['a printer that the list lacks', { printer: 'p2', all: [{ printer: { list: 'a' } }] }, ''],
    ['a condition and its negation', { user: 'a', not: { user: ['a', 'b'] } }, ''],
    ['alternatives of which none can hold', { colorMode: 'color', any: [{ colorMode: 'auto' }, { not: {} }] }, ''],
    ['a part of it', { any: [{ copies: 1 }, { not: {} }] }, '.any[1]'],
    ['a part under a negation', { not: { all: [{ copies: { below: 1 } }] } }, '.not'],
  ])('%s', (_name, when, path) => {
    expect(find(rules(when))).toContain(`error $.rules[0].when${path} can never hold`);
  });

  test.each([
    { user: 'a', all: [{ user: 'b*' }] },
    { colorMode: '*a*', all: [{ colorMode: '*b*' }] },
    { document: { size: 1 }, all: [{ document: { size: 2 } }] },
    { copies: { above: 0, below: 2 } },
    { not: { copies: 1 }, user: 'a' },
  ])('%j can', (when) => {
    expect(find(rules(when)).join()).not.toContain('can never hold');
  });

  test('redirected has no effect where the rule is not for redirected jobs', () => {
    expect(find(rules({ any: [{ redirected: true }, { copies: 1 }] }))).toContain(
      'error $.rules[0].when.any[0].redirected has no effect: the rule also applies to jobs that were not redirected',
    );
  });
});

describe('virtual printers: no path ends in release', () => {
  const VIRTUAL = { virtualPrinters: ['p1'], onFailure: 'abort' };
  const rule = (when: object, then: object, name = JSON.stringify([when, then])) => ({
    name,
    on: 'jobStarted',
    when,
    then,
  });
  const redirected = rule({ printer: 'p1', redirected: true }, hold);
  const safe = [rule({ printer: 'p1' }, hold), redirected];

  test('a hold that ends in abort is accepted, for redirected jobs too', () => {
    expect(find({ ...VIRTUAL, rules: safe })).toEqual([]);
    expect(find({ ...VIRTUAL, rules: [rule({ not: { printer: 'p1' } }, release), ...safe] })).toEqual([]);
    expect(find({ ...VIRTUAL, rules: [rule({ printer: 'p1', copies: 1 }, abort), ...safe] })).toEqual([]);
  });

  test('onFailure has to abort', () => {
    expect(errorsIn({ virtualPrinters: ['p1'], rules: safe })).toEqual([
      'error $.onFailure must be "abort" where there are virtual printers',
    ]);
  });

  test.each([
    ['release', rule({}, release, 'x'), '$.rules[0].then.release'],
    [
      'a hold that ends in release',
      rule({}, { hold: { for: '4h', else: 'release' } }, 'x'),
      '$.rules[0].then.hold.else',
    ],
    ['release on a condition that may hold', rule({ user: 'a' }, release, 'x'), '$.rules[0].then.release'],
    ['release by the name of the printer', rule({ printer: { name: 'a*' } }, release, 'x'), '$.rules[0].then.release'],
    [
      'release unless something unknown',
      rule({ not: { printer: { location: 'x' } } }, release, 'x'),
      '$.rules[0].then.release',
    ],
  ])('%s is refused', (_name, first, path) => {
    expect(errorsIn({ ...VIRTUAL, rules: [first, ...safe] })).toContain(
      `error ${path} releases jobs of the virtual printer p1`,
    );
  });

  test('the default is refused: a job that matches no rule', () => {
    const message =
      'has no rule for jobs on this printer that match no rule, which are released: add a last rule with this printer';
    expect(errorsIn({ ...VIRTUAL, rules: [redirected] })).toEqual([`error $.virtualPrinters[0] ${message}`]);
    expect(errorsIn({ ...VIRTUAL, rules: [rule({ printer: 'p1', user: '*' }, hold), redirected] })).toHaveLength(1);
  });

  test('the default of redirected jobs is refused', () => {
    expect(errorsIn({ ...VIRTUAL, rules: [rule({ printer: 'p1' }, hold)] })).toEqual([
      'error $.virtualPrinters[0] has no rule for jobs redirected to this printer, which are released: add a rule with "redirected": true and this printer',
    ]);
  });
});

describe('warnings', () => {
  test('a word that Graph does not document, as its enumerations may grow', () => {
    const { rules: found } = rules({ colorMode: 'sepia', quality: 'HIGH', orientation: 'land*' });
    expect(find({ rules: found })).toEqual([
      'warning $.rules[0].when.colorMode has a word that Graph does not document: "sepia". Documented: blackAndWhite, grayscale, color, auto',
    ]);
  });

  test('a word of configure in another case: Graph is given it as it is', () => {
    const configure = { duplexMode: 'fliponlongedge', finishings: ['staple', 'origami'], mediaSize: 'Napkin' };
    const found = find({ rules: [{ name: 'a', on: 'jobStarted', then: { release: {}, configure } }] });
    expect(found).toEqual([
      'warning $.rules[0].then.configure.duplexMode has a word that Graph does not document: "fliponlongedge". Documented: "flipOnLongEdge"',
      expect.stringMatching(/^warning .*finishings .*"origami"/),
    ]);
  });

  test('a redirect to the printer where the job is, and one that may loop', () => {
    const redirect = { redirect: { printer: 'p1' } };
    const of = (when: object) => find({ rules: [{ name: 'a', on: 'jobStarted', when, then: redirect }] });
    expect(of({ colorMode: 'color' })).toEqual([expect.stringContaining('add { "not": { "printer": "p1" } }')]);
    expect(of({ colorMode: 'color', not: { printer: 'P1' } })).toEqual([]);
    expect(of({ printer: ['p2', 'p3'] })).toEqual([]);
    expect(of({ printer: 'p2', redirected: true })).toEqual([expect.stringContaining('in a loop')]);
  });

  test('a list that no rule uses', () => {
    expect(find({ lists: { a: ['p1'], b: ['p2'] }, rules: rules({ printer: { list: 'a' } }).rules })).toEqual([
      'warning $.lists.b is used by no rule',
    ]);
  });
});
