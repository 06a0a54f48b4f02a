import { isMissed, type Figure } from './ratio';

const DESCRIPTION: Record<string, string> = {
  ack_batch_1: 'webhook against a bare function, 1 item a POST',
  ack_batch_10: 'the same, 10 items a POST',
  ack_batch_100: 'the same, 100 items a POST',
  verify_cold: 'parse and verify 50 items against JSON.parse, one HMAC and one hash each',
  first_answer: 'process start to first stored notification against a hello-world',
  bundle_kib: 'all that is deployed of the build, without source maps',
  graph_calls_fetchable: 'calls to Graph for one JobFetchable',
  graph_calls_started: 'calls to Graph for one JobStarted',
  storage_writes_fetchable: 'table writes, queue sends and deletes for one JobFetchable',
  storage_writes_started: 'the same for one JobStarted',
  sweep_calls_per_watch:
    'calls to Graph of one sweep over 3 customers with 102 watches, for each watch, on average over a day',
  renew_requests_per_1000: 'requests to Graph besides tokens for 1,000 due renewals over 3 tenants',
  renew_wall: 'their time, rows in Azurite, against that of the batches alone, 500 ms each and four at once',
  heap_growth: 'heap after 50,000 notifications beyond the heap after 5,000',
};

/** The figures as a Markdown table. */
export function formatTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    `\`${figure.name}\``,
    show(figure.value, figure.unit),
    figure.low === figure.high ? '' : `${show(figure.low, figure.unit)} to ${show(figure.high, figure.unit)}`,
    figure.unit,
    figure.bar === null ? '' : `at most ${figure.bar}`,
    figure.bar === null ? '' : isMissed(figure) ? 'missed' : 'met',
    DESCRIPTION[figure.name] ?? '',
  ]);
  const lines = [
    ['figure', 'value', '95 % interval', 'unit', 'bar', '', 'what'],
    ['---', '--:', '---', '---', '---', '---', '---'],
    ...rows,
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function show(value: number, unit: string): string {
  return unit === 'ratio' || unit === 'MiB' ? value.toFixed(2) : String(value);
}
