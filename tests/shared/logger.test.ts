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

it.each([
  ['DEL', '\u007f', '\\u007f'],
  ['next line of C1', '\u0085', '\\u0085'],
  ['the CSI of C1', '\u009b', '\\u009b'],
  ['a bidi override', '\u202e', '\\u202e'],
  ['a line separator', '\u2028', '\\u2028'],
  ['a paragraph separator', '\u2029', '\\u2029'],
  ['a tag character beyond the BMP', '\u{e0001}', '\\udb40\\udc01'],
  ['ESC', '\u001b', '\\u001b'],
  ['a lone surrogate', '\ud800', '\\ud800'],
])('escapes %s in a line, which reads back as the same text', (_name, character, escaped) => {
  const lines: string[] = [];
  const sink = (line: string) => void lines.push(line);
  createLogger({ info: sink, warn: sink, error: sink }).error('failed', { text: `a${character}b` });
  expect(lines).toEqual([`{"event":"failed","text":"a${escaped}b"}`]);
  expect(JSON.parse(lines[0] ?? '')).toEqual({ event: 'failed', text: `a${character}b` });
});
