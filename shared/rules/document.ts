import * as z from 'zod';
import { condition, id, MOST_LEVELS, type Condition } from './conditions';
import { configurationChange } from './configuration';
import { visitAtoms } from './evaluate';

const MOST_RULES = 500;
const MOST_HOLD_MINUTES = 72 * 60;

const printerId = id.meta({ description: 'The id of a printer in Universal Print.' });
const actionName = ['release', 'hold', 'redirect', 'abort'] as const;

const hold = z
  .strictObject({
    for: z
      .string()
      .refine((text) => holdMinutes(text) !== undefined, 'must be minutes or hours from "1m" to "72h", such as "4h"')
      .meta({ description: 'How long the job waits at most, from 1m to 72h.', pattern: '^[1-9]\\d{0,3}[mh]$' }),
    else: z.enum(['release', 'abort']).meta({ description: 'What happens to the job when its time is over.' }),
    document: z.boolean().default(false).meta({
      description: 'Archives the document first, for an inspection before printing. The event names its blob.',
    }),
  })
  .meta({ description: 'The job waits until someone releases, redirects or aborts it.' });

/** Exactly one action, and what it changes. */
const startedAction = z
  .strictObject({
    release: z.strictObject({}).optional().meta({ description: 'The job prints.' }),
    hold: hold.optional(),
    redirect: z
      .strictObject({ printer: printerId })
      .optional()
      .meta({ description: 'The job prints on another printer of the same customer.' }),
    abort: z
      .strictObject({
        reason: z
          .string()
          .min(1)
          .max(256)
          .optional()
          .meta({ description: 'Why, for the user. Graph stores it on the job.' }),
      })
      .optional()
      .meta({ description: 'The job ends without printing.' }),
    configure: configurationChange.optional(),
  })
  .superRefine((action, context) => {
    const named = actionName.filter((name) => action[name] !== undefined);
    if (named.length !== 1) {
      context.addIssue({ code: 'custom', message: `needs exactly one of ${actionName.join(', ')}` });
    } else if (named[0] === 'abort' && action.configure !== undefined) {
      context.addIssue({ code: 'custom', path: ['configure'], message: 'cannot change a job that is aborted' });
    }
  })
  .meta({ description: 'What happens to the job.', oneOf: actionName.map((name) => ({ required: [name] })) });

const fetchableActionName = ['notify', 'archive'] as const;
const unchangeable = [...actionName, 'configure'];
const fetchableAction = z
  .strictObject(
    {
      notify: z.strictObject({}).optional().meta({ description: 'The event of the job is sent.' }),
      archive: z
        .strictObject({})
        .optional()
        .meta({ description: 'The document is stored in the container documents, then the event of the job is sent.' }),
    },
    {
      // Once a job is fetchable it cannot be changed (concepts/universal-print-webhook-notifications.md).
      error: ({ code, keys }) =>
        code === 'unrecognized_keys' &&
        Array.isArray(keys) &&
        keys.some((key) => unchangeable.some((one) => one === key))
          ? 'must be notify or archive: a fetchable job can no longer be changed'
          : undefined,
    },
  )
  .superRefine((action, context) => {
    if (fetchableActionName.filter((name) => action[name] !== undefined).length === 1) return;
    context.addIssue({ code: 'custom', message: `needs exactly one of ${fetchableActionName.join(', ')}` });
  })
  .meta({
    description: 'What happens to the job, which can no longer be changed.',
    oneOf: fetchableActionName.map((name) => ({ required: [name] })),
  });

const common = {
  name: z
    .string()
    .regex(/^(?=.*\S)[^\u0000-\u001f\u007f-\u009f]{1,100}$/, 'must be one line of 1 to 100 characters')
    .meta({ description: 'The name of the rule, which events and the log show. Unique in the document.' }),
  description: z.string().max(1000).optional().meta({ description: 'For people. Has no effect.' }),
  when: condition.optional().meta({ description: 'Without it the rule applies to every job of its event.' }),
};

const rule = z
  .discriminatedUnion('on', [
    z.strictObject({
      ...common,
      on: z.literal('jobStarted').meta({ description: 'A job waits for this app, because a trigger fired.' }),
      then: startedAction,
    }),
    z.strictObject({
      ...common,
      on: z.literal('jobFetchable').meta({ description: 'A job is ready for download and can no longer change.' }),
      then: fetchableAction,
    }),
  ])
  .meta({ id: 'rule', description: 'An event, a condition and an action. The first rule that matches a job decides.' });

/** The schema of a rules document. docs/schemas/rules.schema.json is generated from it. */
export const rulesDocument = z
  .strictObject({
    $schema: z.string().optional().meta({ description: 'The address of this schema, for editors.' }),
    version: z.literal(1).meta({ description: 'The version of the language.' }),
    onFailure: z
      .enum(['release', 'abort'])
      .default('release')
      .meta({ description: 'What ends a started job when its rules cannot be applied until its deadline.' }),
    lists: z
      .record(
        z.string().regex(/^[A-Za-z][\w-]{0,63}$/, 'must be a name of letters, digits, "_" and "-"'),
        z.array(printerId),
      )
      .default({})
      .meta({ description: 'Lists of printers by name, for the condition "printer": { "list": ... }.' }),
    virtualPrinters: z.array(printerId).default([]).meta({
      description: 'Printers without a device. A job that is released there never prints, so rules check refuses it.',
    }),
    rules: z.array(rule).max(MOST_RULES).meta({ description: 'The rules in order. The first that matches decides.' }),
  })
  .superRefine(({ rules, lists }, context) => {
    const fault = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
    const names = new Set<string>();
    for (const [index, { name, when = {} }] of rules.entries()) {
      if (names.has(name)) fault(['rules', index, 'name'], `is the name of another rule too: "${name}"`);
      names.add(name);
      const path = ['rules', index, 'when'];
      if (levelsOf(when) > MOST_LEVELS) fault(path, `has more than ${MOST_LEVELS} levels of conditions`);
      visitAtoms(when, path, (atom, at) => {
        if (atom.field !== 'printer') return;
        for (const missing of listsOf(atom.value).filter((list) => !Object.hasOwn(lists, list))) {
          fault([...at, 'list'], `"${missing}" is not in lists`);
        }
      });
    }
  })
  .meta({
    title: 'Rules of the Universal Print receiver',
    description: 'Decides what happens to print jobs. See docs/rules.md.',
  });

export type RulesDocument = z.output<typeof rulesDocument>;
export type Rule = RulesDocument['rules'][number];

/** The minutes of a hold such as "90m" or "4h", 1 to 4,320 (72 hours); undefined for any other text. */
export function holdMinutes(text: string): number | undefined {
  const [, amount, unit] = /^([1-9]\d{0,3})([mh])$/.exec(text) ?? [];
  const minutes = Number(amount) * (unit === 'h' ? 60 : 1);
  return minutes <= MOST_HOLD_MINUTES ? minutes : undefined;
}

/** The names of lists that a condition on the printer names. */
export function listsOf(value: NonNullable<Condition['printer']>): readonly string[] {
  return typeof value === 'string' || Array.isArray(value) ? [] : [value.list ?? []].flat();
}

function levelsOf({ all = [], any = [], not }: Condition): number {
  const inner = [...all, ...any, ...(not ? [not] : [])];
  return 1 + Math.max(0, ...inner.map(levelsOf));
}

/** The JSON Schema of a rules document, as the text of docs/schemas/rules.schema.json. Draft 7, which editors complete best. */
export function formatJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(rulesDocument, { target: 'draft-7', io: 'input' }), null, 2)}\n`;
}
