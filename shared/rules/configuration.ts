import * as z from 'zod';

/**
 * The documented words of each enumeration of a job's configuration (resources/printjobconfiguration.md, resources/enums.md).
 * Graph may add words to all of them, so a word that is missing here is a warning and no fault.
 */
export const DOCUMENTED_WORDS = {
  colorMode: ['blackAndWhite', 'grayscale', 'color', 'auto'],
  duplexMode: ['flipOnLongEdge', 'flipOnShortEdge', 'oneSided'],
  quality: ['low', 'medium', 'high'],
  orientation: ['portrait', 'landscape', 'reverseLandscape', 'reversePortrait'],
  feedOrientation: ['longEdgeFirst', 'shortEdgeFirst'],
  scaling: ['auto', 'shrinkToFit', 'fill', 'fit', 'none'],
  multipageLayout: ['clockwiseFrom', 'counterclockwiseFrom'].flatMap((turn) =>
    ['TopLeft', 'TopRight', 'BottomLeft', 'BottomRight'].map((corner) => `${turn}${corner}`),
  ),
  finishings: [
    ...[
      'none',
      'staple',
      'punch',
      'cover',
      'bind',
      'saddleStitch',
      'stitchEdge',
      'fold',
      'trim',
      'bale',
      'bookletMaker',
    ],
    ...['coat', 'laminate', 'trimAfterPages', 'trimAfterDocuments', 'trimAfterCopies', 'trimAfterJob'],
    ...['staple', 'punch'].flatMap((what) =>
      ['TopLeft', 'BottomLeft', 'TopRight', 'BottomRight'].map((corner) => `${what}${corner}`),
    ),
    ...['stapleDual', 'stapleTriple', 'punchDual', 'punchTriple', 'punchQuad', 'bind'].flatMap((what) =>
      ['Left', 'Top', 'Right', 'Bottom'].map((edge) => `${what}${edge}`),
    ),
    ...['Left', 'Top', 'Right', 'Bottom'].map((edge) => `stitch${edge}Edge`),
    ...[
      'Accordion',
      'DoubleGate',
      'Gate',
      'Half',
      'HalfZ',
      'LeftGate',
      'Letter',
      'Parallel',
      'Poster',
      'RightGate',
    ].map((fold) => `fold${fold}`),
    ...['foldZ', 'foldEngineeringZ'],
  ],
} as const satisfies Record<string, readonly string[]>;

export type WordField = keyof typeof DOCUMENTED_WORDS;

/** A word of an enumeration: an editor offers the documented ones, and any other is accepted. */
export function openWord(field: WordField, most: number) {
  return z.union([z.enum(DOCUMENTED_WORDS[field]), z.string().min(1).max(most)]);
}

/** Graph's Int32. */
const MOST_INT32 = 2_147_483_647;
const MOST_TEXT = 256;

const count = z.int().min(1).max(MOST_INT32);
const microns = z.int().min(0).max(MOST_INT32);
const text = z.string().min(1).max(MOST_TEXT);
const word = (field: WordField, description: string) => openWord(field, MOST_TEXT).optional().meta({ description });

/** What an action changes on a job: the fields of printJobConfiguration that PATCH of a job accepts (api/printjob-update.md). */
export const configurationChange = z
  .strictObject({
    collate: z.boolean().optional().meta({ description: 'Collates the pages of several copies.' }),
    colorMode: word('colorMode', 'The color mode.'),
    copies: count.optional().meta({ description: 'The number of copies.' }),
    dpi: count.optional().meta({ description: 'The resolution in dots per inch.' }),
    duplexMode: word('duplexMode', 'One-sided, or the edge on which sheets are flipped.'),
    feedOrientation: word('feedOrientation', 'The edge of the sheet that is fed first.'),
    finishings: z
      .array(openWord('finishings', MOST_TEXT))
      .max(32)
      .optional()
      .meta({ description: 'The finishing processes. An empty list removes all.' }),
    fitPdfToPage: z.boolean().optional().meta({ description: 'Fits each page of a PDF to a sheet.' }),
    inputBin: text.optional().meta({ description: 'The tray, as the capabilities of the printer name it.' }),
    margin: z
      .strictObject({ top: microns, bottom: microns, left: microns, right: microns })
      .partial()
      .optional()
      .meta({ description: 'The margins in microns.' }),
    mediaSize: text.optional().meta({ description: 'The media size, such as A4.' }),
    mediaType: text.optional().meta({ description: 'The media type, such as stationery.' }),
    multipageLayout: word('multipageLayout', 'The order of several pages on a sheet.'),
    orientation: word('orientation', 'The orientation of the page.'),
    outputBin: text.optional().meta({ description: 'The output bin, as the capabilities of the printer name it.' }),
    pageRanges: z
      .array(z.strictObject({ start: count, end: count }))
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'The pages to print.' }),
    pagesPerSheet: count.optional().meta({ description: 'The number of pages on a sheet.' }),
    quality: word('quality', 'The print quality.'),
    scaling: word('scaling', 'How the pages are scaled to the sheet.'),
  })
  .refine((change) => Object.keys(change).length > 0, 'must change at least one field')
  .meta({
    id: 'configure',
    description: 'Changes the configuration of the job before it continues.',
    minProperties: 1,
  });

export type ConfigurationChange = z.output<typeof configurationChange>;
