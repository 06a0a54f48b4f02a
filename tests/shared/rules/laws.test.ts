import fc from 'fast-check';
import { checkDocument } from '../../../shared/rules/check';
import { actionOf, createTest, decide, decideWithoutCostly, neededFacts } from '../../../shared/rules/decide';
import type { RulesDocument } from '../../../shared/rules/document';
import { atomsOf, evaluate, requiresRedirected } from '../../../shared/rules/evaluate';
import { explain } from '../../../shared/rules/explain';
import { readFacts, type JobFacts } from '../../../shared/rules/facts';
import { readDocument } from '../../../shared/rules/readDocument';
import {
  arbitraryCondition,
  arbitraryDocument,
  arbitraryFacts,
  parseRules,
  PRINTERS,
} from '../../support/arbitraryRules';

const RUNS = { numRuns: 100 };
const LISTS = { some: ['p1'], none: [] };

/** Whether a rule with this condition decides on a job, whatever its event. */
function holds(when: object, facts: JobFacts): boolean {
  const then = facts.event === 'jobStarted' ? { abort: {} } : { notify: {} };
  const document = parseRules({ version: 1, lists: LISTS, rules: [{ name: 'a', on: facts.event, when, then }] });
  return decide(document, facts).rule === 'a';
}

const notRedirected = arbitraryFacts.map((facts) => ({ ...facts, isRedirected: false }));

test('a document that passes the schema never throws, whatever the job', () => {
  fc.assert(
    fc.property(arbitraryDocument, arbitraryFacts, (document, facts) => {
      const { rule, rules } = explain(document, facts);
      expect(decide(document, facts).rule).toBe(rule);
      expect(rules.filter(({ result }) => result === 'matched').map((one) => one.rule)).toEqual(
        rule === undefined ? [] : [rule],
      );
      checkDocument(document);
    }),
    RUNS,
  );
});

test('no JSON makes the reading or the decision throw', () => {
  const anyJob = fc.dictionary(
    fc.constantFrom('createdBy', 'createdDateTime', 'configuration', 'redirectedFrom', 'x'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), anyJob, fc.jsonValue(), (text, job, other) => {
      const read = readDocument(text);
      if ('faults' in read) expect(read.placeOf(read.faults[0]?.path ?? []).line).toBeGreaterThan(0);
      const facts = readFacts({ event: 'jobStarted', printerId: 'p1', job, documents: other, printer: other });
      expect(decide(parseRules({ version: 1, rules: [] }), facts)).toEqual({ action: { kind: 'release' } });
    }),
    RUNS,
  );
});

test('a decision takes linear time: each field of a condition is looked at once at most', () => {
  fc.assert(
    fc.property(arbitraryCondition, arbitraryFacts, (json, facts) => {
      const { rules } = parseRules({
        version: 1,
        lists: LISTS,
        rules: [{ name: 'a', on: 'jobStarted', when: json, then: { abort: {} } }],
      });
      const test = createTest(parseRules({ version: 1, lists: LISTS, rules: [] }), facts);
      let looks = 0;
      evaluate(rules[0]?.when ?? {}, (atom) => {
        looks += 1;
        return test(atom);
      });
      expect(looks).toBeLessThanOrEqual(countFields(json));
    }),
    RUNS,
  );
});

/** The fields of a condition and of those inside it. */
function countFields(when: object): number {
  const inside = (name: string, value: unknown) => (['all', 'any', 'not'].includes(name) ? [value].flat() : []);
  return Object.entries(when).reduce((sum, [name, value]) => {
    const nested = inside(name, value).map((one) => (typeof one === 'object' && one ? countFields(one) : 0));
    return sum + (nested.length === 0 ? 1 : nested.reduce((total, count) => total + count, 0));
  }, 0);
}

describe('order', () => {
  test('the first rule that would decide alone decides', () => {
    fc.assert(
      fc.property(arbitraryDocument, arbitraryFacts, (document, facts) => {
        const alone = document.rules.find((rule) => decide({ ...document, rules: [rule] }, facts).rule !== undefined);
        expect(decide(document, facts).rule).toBe(alone?.name);
      }),
      RUNS,
    );
  });

  test('what stands after the rule that decides has no effect', () => {
    fc.assert(
      fc.property(arbitraryDocument, arbitraryDocument, arbitraryFacts, (document, other, facts) => {
        const before = decide(document, facts);
        fc.pre(before.rule !== undefined);
        const later = other.rules.map((rule) => ({ ...rule, name: `later ${rule.name}` }));
        expect(decide({ ...document, rules: [...document.rules, ...later] }, facts)).toEqual(before);
      }),
      RUNS,
    );
  });
});

describe('not, all and any', () => {
  test('a condition or its negation holds, never both', () => {
    fc.assert(
      fc.property(arbitraryCondition, notRedirected, (when, facts) => {
        expect(holds({ not: when }, facts)).toBe(!holds(when, facts));
        expect(holds({ not: { not: when } }, facts)).toBe(holds(when, facts));
      }),
      RUNS,
    );
  });

  test('de Morgan', () => {
    fc.assert(
      fc.property(arbitraryCondition, arbitraryCondition, notRedirected, (one, other, facts) => {
        expect(holds({ all: [one, other] }, facts)).toBe(holds(one, facts) && holds(other, facts));
        expect(holds({ not: { any: [one, other] } }, facts)).toBe(
          holds({ all: [{ not: one }, { not: other }] }, facts),
        );
      }),
      RUNS,
    );
  });
});

describe('redirected', () => {
  test('a redirected job is decided on by rules that ask for one, and otherwise released', () => {
    fc.assert(
      fc.property(arbitraryDocument, arbitraryFacts, (document, facts) => {
        const redirected: JobFacts = { ...facts, event: 'jobStarted', isRedirected: true };
        const asking = document.rules.filter(({ when = {} }) => requiresRedirected(when));
        expect(decide(document, redirected)).toEqual(decide({ ...document, rules: asking }, redirected));
        expect(
          decide({ ...document, rules: document.rules.filter((rule) => !asking.includes(rule)) }, redirected),
        ).toEqual({
          action: { kind: 'release' },
        });
      }),
      RUNS,
    );
  });

  test('a rule that asks for redirected jobs never decides on another job', () => {
    fc.assert(
      fc.property(arbitraryCondition, notRedirected, (when, facts) => {
        fc.pre(requiresRedirected(when));
        expect(holds(when, facts)).toBe(false);
      }),
      RUNS,
    );
  });
});

test('facts that no rule needs change nothing', () => {
  const withoutCostly = (document: RulesDocument, facts: JobFacts): JobFacts => {
    const needed = neededFacts(document, facts.event);
    return {
      ...facts,
      documents: needed.documents ? facts.documents : [],
      printer: needed.printer ? facts.printer : { id: facts.printer.id, location: [] },
    };
  };
  fc.assert(
    fc.property(arbitraryDocument, arbitraryFacts, (document, facts) => {
      expect(decide(document, withoutCostly(document, facts))).toEqual(decide(document, facts));
    }),
    RUNS,
  );
});

test('with part of the facts known, a condition is decided only as the rest of them would leave it', () => {
  fc.assert(
    fc.property(arbitraryCondition, arbitraryFacts, fc.func(fc.boolean()), (json, facts, isKnown) => {
      const document = parseRules({
        version: 1,
        lists: LISTS,
        rules: [{ name: 'a', on: 'jobStarted', when: json, then: { abort: {} } }],
      });
      const when = document.rules[0]?.when ?? {};
      const test = createTest(document, facts);
      const partly = evaluate(when, (atom) => (isKnown(atom.field) ? test(atom) : undefined));
      if (partly !== undefined) expect(evaluate(when, test)).toBe(partly);
      expect(atomsOf(when).length).toBeLessThanOrEqual(Object.keys(when).length);
    }),
    RUNS,
  );
});

describe('what rules check finds is true', () => {
  test('a rule that is never reached, and a condition that can never hold, decide on no job', () => {
    let found = 0;
    fc.assert(
      fc.property(arbitraryDocument, fc.array(arbitraryFacts, { minLength: 20, maxLength: 20 }), (document, jobs) => {
        for (const { path, message } of checkDocument(document)) {
          const [, index] = path;
          const isDead = message.startsWith('is never reached') || (message === 'can never hold' && path.length === 3);
          if (!isDead || typeof index !== 'number') continue;
          found += 1;
          for (const facts of jobs) expect(decide(document, facts).rule).not.toBe(document.rules[index]?.name);
        }
      }),
      RUNS,
    );
    expect(found).toBeGreaterThan(5);
  });

  test('a document without errors releases no job of a virtual printer', () => {
    let accepted = 0;
    const refuseRelease = { name: 'last', on: 'jobStarted', then: { abort: {} } };
    const strict = arbitraryDocument.map((document) => {
      const [virtual = 'p1'] = document.virtualPrinters;
      const last = [
        { ...refuseRelease, when: { printer: virtual } },
        { ...refuseRelease, name: 'l', when: { printer: virtual, redirected: true } },
      ];
      return parseRules({
        ...document,
        onFailure: 'abort',
        virtualPrinters: [virtual],
        rules: [...document.rules, ...last],
      });
    });
    fc.assert(
      fc.property(strict, arbitraryFacts, (document, facts) => {
        const isRefused = checkDocument(document).some(
          ({ path, message }) => path[0] === 'virtualPrinters' || message.includes('virtual printer'),
        );
        fc.pre(!isRefused);
        accepted += 1;
        const { action } = decide(document, {
          ...facts,
          event: 'jobStarted',
          printer: { ...facts.printer, id: document.virtualPrinters[0] ?? '' },
        });
        expect(action.kind).not.toBe('release');
        if (action.kind === 'hold') expect(action.else).toBe('abort');
      }),
      RUNS,
    );
    expect(accepted).toBeGreaterThan(20);
  });

  test('a refused release is one that can happen, unless conditions are beyond what the check sees', () => {
    // With conditions on the printer alone the check sees everything.
    const when = fc.constantFrom(...PRINTERS.map((printer) => ({ printer })), {}, { not: { printer: 'p1' } });
    const rule = fc.record({
      on: fc.constant('jobStarted'),
      when,
      then: fc.constantFrom({ release: {} }, { abort: {} }),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), (rules) => {
        const named = rules.map((one, index) => ({ name: `${index}`, ...one }));
        const redirected = { name: 'r', on: 'jobStarted', when: { redirected: true }, then: { abort: {} } };
        const document = parseRules({
          version: 1,
          onFailure: 'abort',
          virtualPrinters: ['p1'],
          rules: [...named, redirected],
        });
        const refused = checkDocument(document).some(
          ({ path, message }) => path[0] === 'virtualPrinters' || message.includes('virtual printer'),
        );
        const facts = readFacts({ event: 'jobStarted', printerId: 'p1', job: {} });
        expect(refused).toBe(decide(document, facts).action.kind === 'release');
      }),
      RUNS,
    );
  });
});

test('the action of each rule is the one that it names', () => {
  fc.assert(
    fc.property(arbitraryDocument, (document) => {
      for (const rule of document.rules) expect(rule.then).toHaveProperty(actionOf(rule).kind);
    }),
  );
});

test('a decision without documents and without the name of the printer is the one with them', () => {
  fc.assert(
    fc.property(arbitraryDocument, arbitraryFacts, (document, facts) => {
      const lacking = { ...facts, documents: [], printer: { id: facts.printer.id, location: [] } };
      const decision = decideWithoutCostly(document, lacking);
      if (decision) expect(decision).toEqual(decide(document, facts));
      const { documents, printer } = neededFacts(document, facts.event);
      if (!documents && !printer) expect(decision).toBeDefined();
    }),
    { numRuns: 500 },
  );
});
