/** Replaces parts of a text, and tells where each place of the result was before. Pure. */
import type { TextPosition } from '../model/process-spec.ts';

/** Offsets in the original text, in UTF-16 units; `to` is exclusive. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

export interface EditedText {
  readonly text: string;
  /**
   * The offset in the original text; for a place inside a replacement, the beginning of the replaced part.
   */
  readonly before: (offset: number) => number;
}

/** The `edits` must not overlap. */
export function edited(text: string, edits: readonly Edit[]): EditedText {
  const sorted = [...edits].sort((one, other) => one.from - other.from);
  let result = '';
  let at = 0;
  const begins: { readonly edit: Edit; readonly begin: number }[] = [];
  for (const edit of sorted) {
    result += text.slice(at, edit.from);
    begins.push({ edit, begin: result.length });
    result += edit.by;
    at = edit.to;
  }
  const before = (offset: number): number => {
    const last = begins.findLast(({ begin }) => begin <= offset);
    if (last === undefined) return offset;
    const { edit, begin } = last;
    const within = offset - begin;
    return within < edit.by.length ? edit.from : edit.to + within - edit.by.length;
  };
  return { text: result + text.slice(at), before };
}

/** How many UTF-16 units the first bytes of a UTF-8 text are. */
export const unitsOfBytes = (text: string, bytes: number): number =>
  Buffer.from(text).subarray(0, bytes).toString().length;

/** The place of an offset (UTF-16 units) in a text that begins at `begin` in its file. */
export function placeIn(text: string, begin: TextPosition, offset: number): TextPosition {
  const before = text.slice(0, Math.max(0, offset)).split('\n');
  const last = (before.at(-1) as string).length;
  return {
    line: begin.line + before.length - 1,
    column: before.length === 1 ? begin.column + last : last + 1,
  };
}

/** The place of an offset in bytes of UTF-8. */
export const placeOfByte = (text: string, begin: TextPosition, byte: number): TextPosition =>
  placeIn(text, begin, unitsOfBytes(text, byte));
