import { createHmac, hash } from 'node:crypto';
import { verifyBody } from '../shared/webhook/verify';
import { BENCH_RING, notificationBody } from './notifications';
import { ratioFigure, takePairs, type Figure } from './ratio';

const BAR = 2.0;
const WATCHES = 50;
const PAIRS = 200;
/** Bodies of one timing: each is new, of other watches, so that nothing of it can have been kept. */
const BODIES = 8;

/** Where an id stands in `print/taskDefinitions/{id}/tasks/{id}`, and the tag in `bench.0.{tag}.{mac}`. */
const ID = ['print/taskDefinitions/'.length, 'print/taskDefinitions/'.length + 36] as const;
const TAG = ['bench.0.'.length, 'bench.0.'.length + 22] as const;

/**
 * Parsing and verifying a body, in process, against the least that must be computed for it: JSON.parse, and for each
 * item one mac and one hash, of the same text and by the same calls as the product (a digest as text is quicker than one
 * as a Buffer).
 */
export async function measureVerifyCold(): Promise<Figure> {
  const [{ keyId, key }] = BENCH_RING;
  const context = { receivedAt: '2026-11-22T00:00:00.000Z', nextTraceparent: () => '' };
  const bodies = () => Array.from({ length: BODIES }, () => notificationBody(WATCHES));
  const time = (fresh: Buffer[], work: (body: Buffer) => void) => {
    const startedAt = performance.now();
    for (const body of fresh) work(body);
    return Promise.resolve(performance.now() - startedAt);
  };
  const ours = () =>
    time(bodies(), (body) => {
      const judged = verifyBody(BENCH_RING, body, context);
      if ('bad' in judged || judged.jobs.length !== WATCHES)
        throw new Error('The bench body was not accepted');
    });
  const baseline = () =>
    time(bodies(), (body) => {
      const { value } = JSON.parse(body.toString('utf8')) as {
        value: { tenantId: string; clientState: string; resource: string }[];
      };
      for (const { tenantId, clientState, resource } of value) {
        createHmac('sha256', key)
          .update(`${keyId}.0.${tenantId}.${clientState.slice(...TAG)}`)
          .digest('base64url');
        hash('sha256', `jobStarted:${resource.slice(...ID)}`, 'base64url');
      }
    });
  return ratioFigure('verify_cold', await takePairs(PAIRS, ours, baseline, 40), BAR);
}
