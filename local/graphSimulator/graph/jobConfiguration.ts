import { z } from 'zod';

const finishings = [
  ...['none', 'staple', 'punch', 'cover', 'bind', 'saddleStitch', 'stitchEdge'],
  ...['stapleTopLeft', 'stapleBottomLeft', 'stapleTopRight', 'stapleBottomRight'],
  ...['stitchLeftEdge', 'stitchTopEdge', 'stitchRightEdge', 'stitchBottomEdge'],
  ...['stapleDualLeft', 'stapleDualTop', 'stapleDualRight', 'stapleDualBottom'],
];
const layouts = ['TopLeft', 'TopRight', 'BottomLeft', 'BottomRight'].flatMap((corner) => [
  `clockwiseFrom${corner}`,
  `counterclockwiseFrom${corner}`,
]);

/** A property may be absent or null (api/printershare-post-jobs.md: all properties of configuration are nullable). */
const text = z.string().nullish();
const flag = z.boolean().nullish();
const whole = z.number().int().nullish();
const oneOf = (names: readonly string[]) => z.enum(names).nullish();

/**
 * The settings of a job that an app may write, with their documented types (resources/printjobconfiguration.md,
 * resources/enums.md). Throws, so that the call is answered with 400, on a setting or a value that the page does not name.
 */
export const jobConfiguration = z.strictObject({
  collate: flag,
  colorMode: oneOf(['blackAndWhite', 'grayscale', 'color', 'auto']),
  copies: whole,
  dpi: whole,
  duplexMode: oneOf(['flipOnLongEdge', 'flipOnShortEdge', 'oneSided']),
  feedOrientation: oneOf(['longEdgeFirst', 'shortEdgeFirst']),
  finishings: z.array(z.enum(finishings)).nullish(),
  fitPdfToPage: flag,
  inputBin: text,
  margin: z.strictObject({ top: whole, bottom: whole, left: whole, right: whole }).nullish(),
  mediaSize: text,
  mediaType: text,
  multipageLayout: oneOf(layouts),
  orientation: oneOf(['portrait', 'landscape', 'reverseLandscape', 'reversePortrait']),
  outputBin: text,
  pageRanges: z.array(z.strictObject({ start: whole, end: whole })).nullish(),
  pagesPerSheet: whole,
  quality: oneOf(['low', 'medium', 'high']),
  scaling: oneOf(['auto', 'shrinkToFit', 'fill', 'fit', 'none']),
});
