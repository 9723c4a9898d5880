/** Reads texts of files, which must be UTF-8: anything else is reported with its place. Files -> texts. */
import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import { usageError } from '../model/errors.ts';
import type { TextPosition } from '../model/process-spec.ts';
import { positionAt, type ReportProblem } from './problems.ts';

const UTF8_HINT = 'save the file as UTF-8; from Latin-1 for example: iconv -f latin1 -t utf-8 FILE > NEW';

const NO_PERMISSION = { why: 'this user has no permission', hint: 'allow this user to read it' };
const UNREADABLE = {
  EACCES: NO_PERMISSION,
  EPERM: NO_PERMISSION,
  EISDIR: { why: 'it is a folder', hint: 'put a file in its place' },
  ENOENT: { why: 'it is a link to a file that is not there', hint: 'mend the link, or remove it' },
};

/**
 * The text of a file, without the byte order mark that some editors put first; what is not UTF-8 is reported.
 */
export const textOfFile = (file: string, report?: ReportProblem): string =>
  writtenText(file, report).replace(/^\uFEFF/, '');

/** The same with that mark, for places that are counted from the beginning of the file. */
export function writtenText(file: string, report?: ReportProblem): string {
  const { text, wrong } = decoded(bytesOfFile(file));
  if (wrong !== undefined) report?.(wrong.place, wrong.message, wrong.hint);
  return text;
}

/** Throws `file-not-readable`. */
export function bytesOfFile(file: string): Buffer {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!(code in UNREADABLE)) throw error;
    const { why, hint } = UNREADABLE[code as keyof typeof UNREADABLE];
    throw usageError('file-not-readable', `${file} cannot be read: ${why}`, {
      hint,
      context: { file },
      cause: error,
    });
  }
}

/** The first place that is not UTF-8, and what to do. */
export interface WrongText {
  readonly place: TextPosition;
  readonly message: string;
  readonly hint: string;
}

/**
 * The text of the bytes, and the first place that is not UTF-8: replaced by U+FFFD it would be another value.
 */
export function decoded(bytes: Buffer): {
  readonly text: string;
  readonly wrong?: WrongText;
} {
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return { text };
  const mark = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  const wide = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : undefined;
  if (wide !== undefined)
    return {
      text: new TextDecoder(wide).decode(bytes),
      wrong: { place: { line: 1, column: 1 }, message: 'the file is UTF-16, not UTF-8', hint: UTF8_HINT },
    };
  for (let at = text.indexOf('\uFFFD'); at >= 0; at = text.indexOf('\uFFFD', at + 1)) {
    const byte = Buffer.byteLength(text.slice(0, at));
    // Somebody may really have written this character.
    if (bytes.readUIntBE(byte, Math.min(3, bytes.length - byte)) === 0xefbfbd) continue;
    const shown = `0x${bytes[byte]?.toString(16)}`;
    const message = `the byte ${shown} is not UTF-8`;
    return { text, wrong: { place: positionAt(text, at), message, hint: UTF8_HINT } };
  }
  return { text };
}
