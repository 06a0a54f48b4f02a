import { describeLogLine, readAppLogLine } from '../../local/appLog';

it.each([
  ['ESC [2J', '\u001b[2J', '\\u{1b}[2J'],
  ['a line end', 'a\nb', 'a\\u{a}b'],
  ['a bidi override', '\u202eb', '\\u{202e}b'],
  ['the CSI of C1', '\u009b2J', '\\u{9b}2J'],
  ['ordinary text', 'Büro 北京 🖨', 'Büro 北京 🖨'],
])('shows %s in a field of the log on one line, harmless', (_name, text, shown) => {
  const message = JSON.stringify({ event: 'job.processed', text });
  const entry = readAppLogLine(JSON.stringify({ event: 'log', time: '2026-11-22T00:00:00.000Z', message }));
  expect(entry && describeLogLine(entry)).toBe(`2026-11-22T00:00:00.000Z  job.processed  text=${shown}`);
});
