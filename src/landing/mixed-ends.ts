/**
 * Finds a line of a CSV that ends otherwise than those before it. Files -> that line. DuckDB does not read a
 * CSV with several kinds of line ends, and does not say which line is the problem. What stands in quotes ends
 * no line.
 */
import { createReadStream } from 'node:fs';
import { type PsybergError, refusal } from '../model/errors.ts';
import { type FilesSpec, type FileToRead, folderName, isUrl } from '../model/files-source.ts';
import { unpacked } from './csv-heads.ts';
import { locationOf } from './list-files.ts';

/** Larger files are not searched. Not measured. */
const BYTES_MAX = 256 * 1024 * 1024;

interface OtherEnd {
  /** Counted from 1 as editors do: each kind of line end counts, also within quotes. */
  readonly line: number;
  readonly ends: string;
  readonly before: string;
}

/** What DuckDB 1.5.5 says of such a file. */
export const isOfEnds = (message: string): boolean => /state machine reached an invalid state/.test(message);

/** The refusal of the first such file; undefined where none is found. Files on a server are not looked at. */
export async function mixedEnds(
  spec: FilesSpec,
  files: readonly Pick<FileToRead, 'path'>[],
): Promise<PsybergError | undefined> {
  for (const { path } of files.filter((each) => !isUrl(each.path))) {
    const found = await otherEnd(spec, locationOf(spec, path));
    if (found === undefined) continue;
    const { line, ends, before } = found;
    const isOfUnix = ![ends, before].includes('CR');
    return refusal(
      'file-does-not-fit',
      `${path}:${line}: the line ends with ${ends}, and those before it with ${before}: a CSV is read whose lines all end alike`,
      {
        hint: isOfUnix
          ? `write them alike, such as: sed -i 's/\\r$//' ${path}`
          : 'write them alike, in the program that makes the file',
        context: { files: folderName(spec.globs), file: path, line, column: null },
      },
    );
  }
  return undefined;
}

async function otherEnd({ options }: FilesSpec, path: string): Promise<OtherEnd | undefined> {
  const file = createReadStream(path);
  const ends = endsOf({ quote: markOf(options['quote']), escaping: markOf(options['escape']) });
  let read = 0;
  try {
    for await (const chunk of unpacked(path, file)) {
      read += (chunk as Buffer).length;
      const found = ends((chunk as Buffer).toString('latin1'));
      if (found !== undefined || read > BYTES_MAX) return found;
    }
    return ends('');
  } catch {
    return undefined;
  } finally {
    file.destroy();
  }
}

const markOf = (given: unknown): string => (typeof given === 'string' ? given : '"');

/** Returns a function that takes a text piece by piece; an empty piece ends it. */
function endsOf({ quote, escaping }: { readonly quote: string; readonly escaping: string }) {
  let [line, before, quoted, escaped, pending] = [1, '', false, false, false];
  const ended = (ends: string): OtherEnd | undefined => {
    const isOther = !quoted && before !== '' && ends !== before;
    const found = isOther ? { line, ends, before } : undefined;
    if (!quoted) before = ends;
    line += 1;
    return found;
  };
  return (text: string): OtherEnd | undefined => {
    if (text === '' && pending) return ended('CR');
    for (const char of text) {
      const wasReturn = pending;
      pending = char === '\r';
      let found: OtherEnd | undefined;
      if (char === '\n') found = ended(wasReturn ? 'CRLF' : 'LF');
      else if (wasReturn) found = ended('CR');
      if (found !== undefined) return found;
      if (escaping !== quote && quoted && !escaped && char === escaping) escaped = true;
      else {
        if (char === quote && !escaped) quoted = !quoted;
        escaped = false;
      }
    }
    return undefined;
  };
}
