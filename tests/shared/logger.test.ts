import { createLogger } from '../../shared/logger';

it('writes one JSON line per event, at the level it is told', () => {
  const lines: [string, string][] = [];
  const sink = (level: string) => (line: string) => void lines.push([level, line]);
  const logger = createLogger({ info: sink('info'), warn: sink('warn'), error: sink('error') });
  logger.info('started');
  logger.warn('job.postponed', { tenantId: 't', tries: 2, text: 'line\nbreak', absent: undefined });
  logger.error('failed', { ok: false });
  expect(lines).toEqual([
    ['info', '{"event":"started"}'],
    ['warn', '{"event":"job.postponed","tenantId":"t","tries":2,"text":"line\\nbreak"}'],
    ['error', '{"event":"failed","ok":false}'],
  ]);
});
