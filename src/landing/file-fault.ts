/**
 * Finds what is wrong with which file. DuckDB's complaint about many files -> one error with a file, a line
 * and a column, as far as they can be known.
 */
import type { Engine } from '../engine/index.ts';
import { PsybergError, refusal } from '../model/errors.ts';
import { type FileColumns, type FilesSpec, type FilesToRead, folderName } from '../model/files-source.ts';
import {
  badRowStatement,
  checkCsvStatement,
  lineFragments,
  readFilesValues,
  statement,
} from '../statements/index.ts';
import { isOfEnds, mixedEnds } from './mixed-ends.ts';

interface Place {
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly what: string;
}

/** What was to be read. */
interface Reading extends Pick<FilesToRead, 'files' | 'shape'> {
  /** As far as they are known. */
  readonly types: FileColumns;
}

/** The error to throw in place of `error`; errors other than DuckDB's complaints are returned as they are. */
export async function fileFault(
  engine: Engine,
  spec: FilesSpec,
  toRead: Reading,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return error;
  const paths = readFilesValues(spec, toRead).files;
  const place = await placeOf(engine, { spec, paths, types: toRead.types, message: error.message });
  if (spec.format === 'csv' && [error.message, place?.what ?? ''].some(isOfEnds)) {
    const mixed = await mixedEnds(spec, toRead.files);
    if (mixed !== undefined) return mixed;
  }
  const shown = place === undefined ? folderName(spec.globs) : pathOf(spec, toRead, place.file);
  // Without a line, a column would be read as if it were one.
  const column = place?.line === undefined ? undefined : place.column;
  const at = [shown, place?.line, column].filter((part) => part !== undefined).join(':');
  return refusal('file-does-not-fit', `${at}: ${place?.what ?? firstSentence(error.message)}`, {
    hint:
      spec.columns === undefined
        ? 'correct the file; at its source columns: says what types the columns have, and options: { dateformat: …, timestampformat: … } how times are written that are not ISO 8601'
        : 'correct the file, or columns: at its source; options: { dateformat: …, timestampformat: … } says how times are written that are not ISO 8601',
    context: {
      files: folderName(spec.globs),
      file: place === undefined ? null : shown,
      line: place?.line ?? null,
      column: column ?? null,
    },
    cause: error,
  });
}

interface Complaint {
  readonly spec: FilesSpec;
  /** What was read. */
  readonly paths: readonly string[];
  readonly types: FileColumns;
  readonly message: string;
}

/** More files than these are not looked through one by one. Not measured. */
const SEARCHED_MAX = 1000;

async function placeOf(engine: Engine, complaint: Complaint): Promise<Place | undefined> {
  const { spec, paths, message } = complaint;
  const file = fileOf(message, paths);
  if (spec.format === 'json' && file !== undefined) {
    const found = await badLine(engine, complaint, file);
    if (found !== undefined) return found;
  }
  const said = file === undefined ? undefined : placeIn(file, message);
  if (said?.line !== undefined || spec.format !== 'csv') return said;
  for (const each of file === undefined ? paths.slice(0, SEARCHED_MAX) : [file]) {
    const found = await badCsvLine(engine, complaint, each);
    if (found !== undefined) return found;
  }
  return said;
}

/**
 * Finds the line of one CSV that does not fit the known columns, or the columns of its head. If one of many
 * files has a cell too many in some line, DuckDB complains about the heads instead.
 */
async function badCsvLine(
  engine: Engine,
  { spec, types }: Complaint,
  file: string,
): Promise<Place | undefined> {
  const [head] = await engine.query(statement('landing/csv_head'), { file }).catch(() => []);
  if (head === undefined) return undefined;
  const names = head.line.split(typeof spec.options['delim'] === 'string' ? spec.options['delim'] : ',');
  const columns = names.map((text) => {
    const name = text.trim().replace(/^"(.*)"$/, '$1');
    const known = Object.keys(types).find((each) => each.toLowerCase() === name.toLowerCase());
    return { name, type: (known === undefined ? undefined : types[known]) ?? 'VARCHAR' };
  });
  const has = new Set(columns.map(({ name }) => name.toLowerCase()));
  const lacks = Object.keys(types).filter((name) => !has.has(name.toLowerCase()));
  if (lacks.length > 0) {
    const what = `its head is ${head.line}: ${lacks.join(', ')} of the other files' columns is not there`;
    return { file, line: 1, column: undefined, what };
  }
  const complaint = await engine.query(checkCsvStatement(spec, columns), { file }).then(
    () => undefined,
    (error: unknown) => placeIn(file, error instanceof Error ? error.message : String(error)),
  );
  if (complaint !== undefined) return complaint;
  const [row] = await engine.query(badRowStatement(spec, types), { file }).catch(() => []);
  // The head counts as a line.
  return row === undefined
    ? undefined
    : { file, line: Number(row.row_number) + 1, column: undefined, what: MISFIT };
}

const MISFIT = 'a value does not fit its column';

/** The longest path that the message names. */
const fileOf = (message: string, paths: readonly string[]): string | undefined =>
  paths
    .filter((path) => message.includes(path))
    .toSorted((left, right) => right.length - left.length)
    .at(0);

const numberAfter = (message: string, pattern: RegExp): number | undefined => {
  const found = pattern.exec(message)?.[1];
  return found === undefined ? undefined : Number(found);
};

/** Reads the place from a message of DuckDB's CSV or JSON reader. */
function placeIn(file: string, message: string): Place {
  return {
    file,
    line: numberAfter(message, /\b[Ll]ine:? (\d+)/),
    column: numberAfter(message, /at byte (\d+)/),
    what: firstSentence(message).replace(/^JSON transform error in file "[^"]*", in line \d+: /, ''),
  };
}

/**
 * Finds the first line that is no JSON. DuckDB counts lines while it reads in parallel, and is off by one or
 * more (1.5.5, 2026-11-29).
 */
async function badLine(engine: Engine, { spec, types }: Complaint, file: string): Promise<Place | undefined> {
  const { misfit } = lineFragments(spec, types);
  const [row] = await engine.query(statement('landing/first_bad_line', { misfit }), { file }).catch(() => []);
  return row === undefined
    ? undefined
    : {
        file,
        line: Number(row.line),
        column: undefined,
        what: `${row.is_json ? MISFIT : 'no JSON, or cut off'}: ${row.text}`,
      };
}

const pathOf = (spec: FilesSpec, toRead: Reading, location: string): string => {
  const at = readFilesValues(spec, toRead).files.indexOf(location);
  return toRead.files[at]?.path ?? location;
};

/** The message without the excerpt of psyberg's own statement, which tells the writer of the file nothing. */
const firstSentence = (message: string): string =>
  message
    .split(/\n\s*\n|\nLINE \d|\nPossible fixes|\nPossible Fixes|\nTry /)[0]
    ?.replace(/^(Invalid Input|IO|Conversion|Binder) Error: /, '')
    .replaceAll(/\s*\n\s*/g, '; ')
    .trim() ?? message;
