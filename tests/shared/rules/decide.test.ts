import { decide, neededFacts } from '../../../shared/rules/decide';
import { readFacts, type JobSource } from '../../../shared/rules/facts';
import { parseRules } from '../../support/arbitraryRules';

const PRINTER = '9A3B3956-ce5b-4d06-a605-5b0bd3e9ddea';
const OTHER = 'd5ef6ec4-07ca-4212-baf9-d45be126bfbb';

/** As Graph answers (api/printjob-get.md, resources/printer.md). */
const JOB: JobSource = {
  event: 'jobStarted',
  printerId: PRINTER.toLowerCase(),
  job: {
    id: '5182',
    createdDateTime: '2026-11-27T16:05:06.5715544Z',
    createdBy: { id: 'u-1', displayName: 'Ada Lovelace', userPrincipalName: 'Ada@Contoso.com' },
    configuration: {
      colorMode: 'color',
      duplexMode: 'oneSided',
      copies: 12,
      mediaSize: 'A3',
      mediaType: 'stationery',
      quality: 'high',
      orientation: 'landscape',
    },
  },
  documents: [{ contentType: 'application/pdf', size: 2_000_000 }],
  printer: {
    displayName: 'Lobby MFP',
    location: { building: 'B7', floor: '2', city: 'Berlin', organization: ['Contoso', 'Sales'], latitude: 52.5 },
  },
};
const LISTS = { mfps: [PRINTER], others: [OTHER] };

function holds(when: object, source: Partial<JobSource> = {}): boolean {
  const facts = readFacts({ ...JOB, ...source });
  const document = parseRules({
    version: 1,
    lists: LISTS,
    rules: [{ name: 'a', on: 'jobStarted', when, then: { abort: {} } }],
  });
  return decide(document, facts).rule === 'a';
}

test.each([
  [{}, true],
  [{ printer: PRINTER }, true],
  [{ printer: [OTHER, PRINTER] }, true],
  [{ printer: OTHER }, false],
  [{ printer: { list: 'mfps' } }, true],
  [{ printer: { list: ['others', 'mfps'] } }, true],
  [{ printer: { list: 'others' } }, false],
  [{ printer: { id: PRINTER, list: 'others' } }, false],
  [{ printer: { name: 'lobby*' } }, true],
  [{ printer: { name: 'lobby' } }, false],
  [{ printer: { location: 'berlin' } }, true],
  [{ printer: { location: ['Paris', 'Sal*'] } }, true],
  [{ printer: { location: 'Paris' } }, false],
  [{ user: '*@contoso.com' }, true],
  [{ user: 'u-1' }, true],
  [{ user: ['bob*', 'ada*'] }, true],
  [{ user: '*@fabrikam.com' }, false],
  [{ user: { principalName: 'ada@*', name: '*lovelace' } }, true],
  [{ user: { id: 'ada@*' } }, false],
  [{ colorMode: ['color', 'auto'] }, true],
  [{ colorMode: 'Color' }, true],
  [{ colorMode: 'grayscale' }, false],
  [{ duplexMode: 'oneSided', mediaSize: 'A3', mediaType: 'station*', quality: 'high', orientation: 'landscape' }, true],
  [{ mediaSize: ['A4', 'A5'] }, false],
  [{ copies: 12 }, true],
  [{ copies: { above: 11 } }, true],
  [{ copies: { above: 12 } }, false],
  [{ copies: { above: 5, below: 13 } }, true],
  [{ copies: { below: 12 } }, false],
  [{ document: { contentType: 'application/*', size: { above: 1_000_000 } } }, true],
  [{ document: { size: { above: 2_000_000 } } }, false],
  [{ time: { from: '17:00', to: '17:06', days: ['Fri'], zone: 'Europe/Berlin' } }, true],
  [{ time: { days: ['Sat', 'Sun'], zone: 'Europe/Berlin' } }, false],
  [{ all: [{ colorMode: 'color' }, { copies: 12 }] }, true],
  [{ all: [{ colorMode: 'color' }, { copies: 1 }] }, false],
  [{ any: [{ colorMode: 'grayscale' }, { copies: 12 }] }, true],
  [{ any: [{ colorMode: 'grayscale' }, { copies: 1 }] }, false],
  [{ not: { colorMode: 'grayscale' } }, true],
  [{ not: { colorMode: 'color' } }, false],
  [{ redirected: true }, false],
])('%j: %s', (when, expected) => {
  expect(holds(when)).toBe(expected);
});

test('a document meets a condition alone: content type of one and size of another do not count', () => {
  const documents = [
    { contentType: 'application/pdf', size: 1 },
    { contentType: 'application/oxps', size: 9 },
  ];
  expect(holds({ document: { contentType: 'application/pdf', size: { above: 5 } } }, { documents })).toBe(false);
});

test('no condition holds for what Graph did not give, and its negation does', () => {
  const source = { job: { createdBy: null, configuration: 'x', createdDateTime: 7 }, documents: {}, printer: [] };
  for (const when of [
    { user: '*' },
    { colorMode: '*' },
    { copies: { above: 0 } },
    { document: { contentType: '*' } },
    { printer: { name: '*' } },
    { printer: { location: '*' } },
    { time: { days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'], zone: 'UTC' } },
  ]) {
    expect([when, holds(when, source)]).toEqual([when, false]);
    expect([when, holds({ not: when }, source)]).toEqual([when, true]);
  }
});

test('the first rule that matches decides, with its action', () => {
  const configure = { colorMode: 'grayscale' };
  const document = parseRules({
    version: 1,
    rules: [
      { name: 'fetchable', on: 'jobFetchable', then: { notify: {} } },
      { name: 'many', on: 'jobStarted', when: { copies: { above: 500 } }, then: { abort: { reason: 'Too many' } } },
      {
        name: 'room',
        on: 'jobStarted',
        when: { mediaSize: 'A3' },
        then: { redirect: { printer: OTHER.toUpperCase() }, configure },
      },
      {
        name: 'held',
        on: 'jobStarted',
        when: { mediaSize: 'A4' },
        then: { hold: { for: '4h', else: 'abort' }, configure },
      },
      { name: 'mono', on: 'jobStarted', then: { release: {}, configure } },
    ],
  });
  const with_ = (configuration: object, event: JobSource['event'] = 'jobStarted') =>
    decide(document, readFacts({ ...JOB, event, job: { configuration } }));
  expect(with_({ copies: 501, mediaSize: 'A3' })).toEqual({
    rule: 'many',
    action: { kind: 'abort', reason: 'Too many' },
  });
  expect(with_({ copies: 1, mediaSize: 'A3' })).toEqual({
    rule: 'room',
    action: { kind: 'redirect', printerId: OTHER, configure },
  });
  expect(with_({ mediaSize: 'A4' })).toEqual({
    rule: 'held',
    action: { kind: 'hold', minutes: 240, else: 'abort', document: false, configure },
  });
  expect(with_({})).toEqual({ rule: 'mono', action: { kind: 'release', configure } });
  expect(with_({}, 'jobFetchable')).toEqual({ rule: 'fetchable', action: { kind: 'notify' } });
});

test('without a match a started job is released, and a fetchable one notified', () => {
  const document = parseRules({ version: 1, rules: [] });
  expect(decide(document, readFacts(JOB))).toEqual({ action: { kind: 'release' } });
  expect(decide(document, readFacts({ ...JOB, event: 'jobFetchable' }))).toEqual({ action: { kind: 'notify' } });
});

test('rules cannot send a job around: a redirected job is released unless a rule asks for it', () => {
  const redirected = {
    ...JOB,
    job: { ...JOB.job, redirectedFrom: 'https://graph.microsoft.com/v1.0/print/printers/x/jobs/1' },
  };
  const rule = (name: string, when: object) => ({
    name,
    on: 'jobStarted',
    when,
    then: { redirect: { printer: OTHER } },
  });
  const decideBy = (...rules: object[]) => decide(parseRules({ version: 1, rules }), readFacts(redirected));
  expect(decideBy(rule('all', {}))).toEqual({ action: { kind: 'release' } });
  expect(decideBy(rule('not', { not: { not: { redirected: true } } })).rule).toBeUndefined();
  expect(decideBy(rule('some', { any: [{ redirected: true }, { colorMode: 'color' }] })).rule).toBeUndefined();
  expect(decideBy(rule('all', {}), rule('asks', { redirected: true })).rule).toBe('asks');
  expect(decideBy(rule('inside', { all: [{ colorMode: 'color' }, { redirected: true }] })).rule).toBe('inside');
});

test('only facts that a rule of the event asks for are needed', () => {
  const needs = (when: object, on = 'jobStarted') => {
    const then = on === 'jobStarted' ? { release: {} } : { notify: {} };
    return neededFacts(parseRules({ version: 1, lists: LISTS, rules: [{ name: 'a', on, when, then }] }), 'jobStarted');
  };
  expect(needs({ printer: PRINTER, user: '*', copies: 1 })).toEqual({ documents: false, printer: false });
  expect(needs({ printer: { id: PRINTER, list: 'mfps' } })).toEqual({ documents: false, printer: false });
  expect(needs({ not: { any: [{ document: { size: 1 } }] } })).toEqual({ documents: true, printer: false });
  expect(needs({ all: [{ printer: { location: 'x' } }] })).toEqual({ documents: false, printer: true });
  expect(needs({ printer: { name: 'x' } })).toEqual({ documents: false, printer: true });
  expect(needs({ document: { size: 1 } }, 'jobFetchable')).toEqual({ documents: false, printer: false });
});
