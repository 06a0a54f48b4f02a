import { readDocument } from '../../../shared/rules/readDocument';
import { OTHER_PRINTER, PRINTER } from './ids';

/** People write such a document, the app only reads it. */
const EVERY_CHANGE = {
  ...{ collate: true, colorMode: 'grayscale', copies: 1, dpi: 600, duplexMode: 'flipOnLongEdge' },
  ...{ feedOrientation: 'longEdgeFirst', finishings: ['staple'], fitPdfToPage: true, inputBin: 'tray1' },
  ...{ margin: { top: 1, bottom: 2, left: 3, right: 4 }, mediaSize: 'A4', mediaType: 'stationery' },
  ...{ multipageLayout: 'clockwiseFromTopLeft', orientation: 'portrait', outputBin: 'bin1' },
  ...{ pageRanges: [{ start: 1, end: 4 }], pagesPerSheet: 2, quality: 'high', scaling: 'fit' },
};
const RULES = {
  $schema: './schemas/rules.schema.json',
  version: 1,
  onFailure: 'abort',
  lists: { floor2: [PRINTER] },
  virtualPrinters: [OTHER_PRINTER],
  rules: [
    {
      name: 'Large color jobs at night',
      description: 'All conditions.',
      on: 'jobStarted',
      when: {
        all: [
          { printer: { id: PRINTER, list: 'floor2', name: 'Front*', location: ['HQ*', 'Annex'] } },
          { user: { id: '*', name: 'A*', principalName: '*@contoso.com' } },
          { any: [{ colorMode: 'color' }, { duplexMode: 'oneSided' }] },
          { not: { mediaSize: 'A3' } },
        ],
        copies: { above: 2, below: 100 },
        ...{ mediaType: 'stationery', quality: 'high', orientation: 'portrait', redirected: true },
        document: { contentType: 'application/pdf', size: { above: 1_000, below: 9_000_000 } },
        time: { from: '20:00', to: '06:00', days: ['Mon', 'Fri'], zone: 'Europe/Berlin' },
      },
      then: { hold: { for: '4h', else: 'abort', document: true }, configure: EVERY_CHANGE },
    },
    { name: 'Redirect', on: 'jobStarted', when: { printer: PRINTER }, then: { redirect: { printer: OTHER_PRINTER } } },
    { name: 'Abort', on: 'jobStarted', when: { copies: 500 }, then: { abort: { reason: 'Too many copies' } } },
    { name: 'Release', on: 'jobStarted', then: { release: {} } },
    { name: 'Archive', on: 'jobFetchable', when: { user: '*@contoso.com' }, then: { archive: {} } },
    { name: 'Notify', on: 'jobFetchable', then: { notify: {} } },
  ],
};

/** A document in the container `config`, and what it says. */
export function writeRules(): { text: string; reads: unknown } {
  return { text: JSON.stringify(RULES), reads: RULES };
}

/** Reads a rules document as this build does. @throws with what is wrong */
export function readRules(text: string): object {
  const read = readDocument(text);
  if ('faults' in read) throw new Error(JSON.stringify(read.faults));
  return read.document;
}
