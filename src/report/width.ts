/** How much room text takes on a terminal: an ideogram or an emoji two columns. Text -> columns. Pure. */
import stringWidth from 'string-width';

const ASCII = /^[\x20-\x7e]*$/;

/** Columns of one line without colours and control characters. */
export const displayWidth = (text: string): number => (ASCII.test(text) ? text.length : stringWidth(text));

/** At most `width` columns; what is cut ends with `…`. No character is cut in two, whatever it is made of. */
export function cutToWidth(text: string, width: number): string {
  if (ASCII.test(text)) return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
  if (displayWidth(text) <= width) return text;
  let cut = '';
  let taken = 0;
  for (const { segment } of new Intl.Segmenter('en').segment(text)) {
    taken += displayWidth(segment);
    if (taken > width - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

/** Fills up to `width` columns with blanks. */
export const padToWidth = (text: string, width: number, side: 'left' | 'right' = 'right'): string => {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return side === 'left' ? blanks + text : text + blanks;
};
