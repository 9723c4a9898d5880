/**
 * Measures how much room text takes on a terminal, and cuts and pads it to a width. Text -> places. Pure. An
 * ideogram or an emoji takes two places; a combining mark and a colour code take none.
 */

/** Codes of colours and of bold. */
export const COLOUR_CODES = /\x1b\[[0-9;]*m/g;
/** Characters of one place each, including those with which this package draws: most texts have no others. */
const NARROW = /^[ -~\xae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u259f]*$/;
/** East Asian letters, from Unicode's East_Asian_Width. */
const EAST_ASIAN =
  '\u1100-\u115e\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\u3247\u3250-\ua4c6\ua960-\ua97c' +
  '\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{191d2}' +
  '\u{1aff0}-\u{1b2fb}\u{1d300}-\u{1d356}\u{1d360}-\u{1d376}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}';
/** East Asian letters, and pictures that are not text by default. */
const WIDE = new RegExp(`^(?:[${EAST_ASIAN}]|(?!\\p{RI})\\p{Emoji_Presentation})`, 'u');
/** Pictures of several characters: with a selector, flags of two letters, keycaps. */
const PICTURE = /^(?:\p{RI}\p{RI}|\p{Emoji}\ufe0f|[0-9#*]\u20e3)/u;
const NO_ROOM = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/u;
/** Sound marks that stand beside their letter, not on it. */
const BESIDE = /[\uff9e\uff9f]|\p{Mc}/gu;

/** The number of places of one line. Colours and control characters take none. */
export function displayWidth(text: string): number {
  const seen = text.replace(COLOUR_CODES, '');
  if (NARROW.test(seen)) return seen.length;
  let places = 0;
  for (const character of charactersOf(seen)) places += placesOf(character);
  return places;
}

/** Splits text into what a reader takes for single characters. */
function charactersOf(text: string): string[] {
  // Made for the first text that needs it: commands that only print names never do.
  segmenter ??= new Intl.Segmenter('en');
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
let segmenter: Intl.Segmenter | undefined;

function placesOf(character: string): number {
  if (PICTURE.test(character)) return 2;
  const visible = [...character].filter((each) => !NO_ROOM.test(each));
  const [first] = visible;
  if (first === undefined) return 0;
  return (WIDE.test(first) ? 2 : 1) + (visible.slice(1).join('').match(BESIDE)?.length ?? 0);
}

/** Splits text into colour codes, and characters with their places. */
function partsOf(text: string): { readonly part: string; readonly places: number }[] {
  const parts: { part: string; places: number }[] = [];
  let at = 0;
  const seen = (end: number): void => {
    for (const part of charactersOf(text.slice(at, end))) parts.push({ part, places: placesOf(part) });
  };
  for (const code of text.matchAll(COLOUR_CODES)) {
    seen(code.index);
    parts.push({ part: code[0], places: 0 });
    at = code.index + code[0].length;
  }
  seen(text.length);
  return parts;
}

const isCode = (part: string): boolean => part.startsWith('\x1b[');

/** Cuts text to at most `width` places, ending with `…`. No character is cut in two, colours are kept. */
export function cutToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  return cutOut(text, { head: Math.max(0, width - 1), tail: 0 });
}

/** `some_very…fact_load`: cuts text to at most `width` places, keeping both ends. */
export function cutMiddle(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  const room = Math.max(0, Math.floor(width) - 1);
  const head = Math.ceil(room / 2);
  return cutOut(text, { head, tail: room - head });
}

/** Puts an ellipsis in place of what lies between the first `head` and the last `tail` places. */
function cutOut(text: string, { head, tail }: { readonly head: number; readonly tail: number }): string {
  const parts = partsOf(text);
  const all = parts.reduce((sum, { places }) => sum + places, 0);
  let before = 0;
  let isCut = false;
  return parts
    .map(({ part, places }) => {
      const isKept = before + places <= head || all - before <= tail;
      before += places;
      if (isCode(part) || isKept) return part;
      if (isCut) return '';
      isCut = true;
      return '…';
    })
    .join('');
}

/** Pads text to `width` places with blanks. */
export const padToWidth = (text: string, width: number, side: 'left' | 'right' = 'right'): string => {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return side === 'left' ? blanks + text : text + blanks;
};
