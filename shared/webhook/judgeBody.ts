import type { JobMessage } from '../jobs/message';
import type { LifecycleMessage } from '../subscriptions/message';
import type { KeyRing } from '../config';
import { judgeItem, type JudgeContext, type Refusal } from './judgeItem';
import { parseNotifications, type BadBody } from './parseNotifications';

/** What a well-formed body holds, item by item. */
export interface JudgedBody {
  items: readonly unknown[];
  jobs: JobMessage[];
  lifecycle: LifecycleMessage[];
  refused: Partial<Record<Refusal, number>>;
  unknownKey: number;
  validationTokens: unknown;
}

/** Parses a posted body and verifies each item, without any input or output. One bad item never sinks the others. */
export function judgeBody(
  ring: KeyRing,
  body: Uint8Array,
  context: JudgeContext,
): JudgedBody | { bad: BadBody } {
  const parsed = parseNotifications(body);
  if ('bad' in parsed) return parsed;
  const judged: JudgedBody = {
    items: parsed.items,
    jobs: [],
    lifecycle: [],
    refused: {},
    unknownKey: 0,
    validationTokens: parsed.validationTokens,
  };
  for (const item of parsed.items) {
    const judgement = judgeItem(ring, item, context);
    if ('job' in judgement) judged.jobs.push(judgement.job);
    else if ('lifecycle' in judgement) judged.lifecycle.push(judgement.lifecycle);
    else if ('refused' in judgement)
      judged.refused[judgement.refused] = (judged.refused[judgement.refused] ?? 0) + 1;
    else judged.unknownKey += 1;
  }
  return judged;
}
