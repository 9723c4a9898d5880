/** Makes the statements that read the files of a folder. FilesSpec -> SQL and its values. Pure. */

import { isAbsolute, normalize, resolve } from 'node:path';
import {
  type FileColumns,
  type FilesSpec,
  isUrl,
  isWebAddress,
  type ReaderOption,
} from '../model/files-source.ts';

import {
  changedRow,
  guardedValues,
  isGuarded,
  isTime,
  misfitLine,
  misfitRow,
  type TextsOf,
  valuesOfLine,
} from './fitting-values.ts';
import { globLiteral, quoteIdentifier, quoteLiteral, type SqlFragment, statementFragment } from './quote.ts';
import { type Statement, statement } from './statements.ts';

/** What a session or its plan says about the read. */
interface Read {
  readonly relation: string;
  readonly files: readonly { readonly path: string }[];
  readonly shape: string | null;
  readonly columns: FileColumns;
}

const READERS = { json: 'read_json', csv: 'read_csv', parquet: 'read_parquet' } as const;

/**
 * Options of readers unless the header says otherwise: nothing about how a CSV is written is guessed. If a
 * line has a cell too many, DuckDB would guess another delimiter, or a head further down; it takes the first
 * line for a row if all columns are texts, and skips lines that look like comments (1.5.5).
 */
const DEFAULT_OPTIONS: Readonly<Record<FilesSpec['format'], Readonly<Record<string, ReaderOption>>>> = {
  json: {},
  csv: { header: true, delim: ',', quote: '"', escape: '"', comment: '', skip: 0 },
  parquet: {},
};

/** The relation as SQL names it. */
export const filesRelation = (relation: string): SqlFragment =>
  statementFragment(`temp.main.${quoteIdentifier(relation)}`);

/**
 * Finds the columns of files as DuckDB infers them; `files`: see {@link readFilesValues}. `looksAtAll`: from
 * every object of JSON files, instead of a sample.
 */
export const inferColumnsStatement = (
  spec: FilesSpec,
  looksAtAll: boolean,
): Statement<'landing/inferred_columns'> =>
  statement('landing/inferred_columns', inferring(spec, looksAtAll));

/** Whether a column that DuckDB takes for texts holds times, in the same files. */
export const timesInTextsStatement = (
  spec: FilesSpec,
  looksAtAll: boolean,
  column: string,
): Statement<'landing/times_in_texts'> =>
  statement('landing/times_in_texts', {
    ...inferring(spec, looksAtAll),
    column: statementFragment(quoteIdentifier(column)),
  });

const inferring = (spec: FilesSpec, looksAtAll: boolean): Record<'reader' | 'options', SqlFragment> => ({
  reader: statementFragment(READERS[spec.format]),
  options: optionsFragment([
    ...givenOptions(spec),
    ...(spec.onBadRows === 'quarantine' ? ['ignore_errors = true'] : []),
    ...(looksAtAll ? ['sample_size = -1', 'maximum_sample_files = 1000000'] : []),
  ]),
});

export const objectFieldsStatement = ({ onBadRows }: FilesSpec): Statement<'landing/object_fields'> =>
  statement('landing/object_fields', {
    options: statementFragment(onBadRows === 'quarantine' ? ', ignore_errors = true' : ''),
  });

/** Finds types that hold the values of both types of a column. */
export function widenedTypesStatement(
  columns: readonly { readonly name: string; readonly known: string; readonly found: string }[],
): Statement<'landing/widened_types'> {
  const nulls = (type: 'known' | 'found') =>
    statementFragment(
      columns.map((each) => `null::${each[type]} as ${quoteIdentifier(each.name)}`).join(', '),
    );
  return statement('landing/widened_types', { known: nulls('known'), found: nulls('found') });
}

/** Used instead of {@link readFilesStatement} if not even an old file tells the columns. */
export const noFilesStatement = ({
  relation,
  columns,
}: Pick<Read, 'relation' | 'columns'>): Statement<'landing/no_files'> =>
  statement('landing/no_files', {
    relation: filesRelation(relation),
    columns: statementFragment(
      Object.entries(columns)
        .map(([name, type]) => `null::${type} as ${quoteIdentifier(name)}`)
        .join(', '),
    ),
  });

export const readFilesStatement = (
  spec: FilesSpec & TextsOf,
  { relation, files, columns }: Omit<Read, 'shape'>,
): Statement<'landing/read_files'> =>
  statement('landing/read_files', {
    relation: filesRelation(relation),
    reader: statementFragment(READERS[spec.format]),
    values: guardedFragment(spec, columns),
    options: optionsFragment([...givenOptions(spec), ...typeOptions(spec, columns)]),
    only: statementFragment(files.length === 0 ? 'where false' : ''),
  });

/** Reads a CSV in three ways: its rows that fit, those that DuckDB rejects, and all that do not fit. */
export function csvStatements(
  spec: FilesSpec,
  columns: FileColumns,
): {
  readonly good: (relation: SqlFragment) => Statement<'landing/good_rows'>;
  readonly rejected: (relation: SqlFragment) => Statement<'landing/reject_rows'>;
  readonly bad: (bad: SqlFragment) => Statement<'landing/bad_rows'>;
} {
  const entries = Object.entries(columns);
  const guarded = entries.filter(([, type]) => isGuarded(type, spec));
  const options = optionsFragment([...givenOptions(spec), ...typeOptions(spec, columns)]);
  const byType = optionsFragment([
    ...givenOptions(spec),
    typesOption(entries.map(([name, type]) => [name, isTime(type) ? 'VARCHAR' : type])),
  ]);
  return {
    good: (relation) =>
      statement('landing/good_rows', {
        relation,
        options,
        values: guardedFragment(spec, columns),
        misfit: statementFragment(misfitRow(guarded, spec)),
      }),
    rejected: (relation) => statement('landing/reject_rows', { relation, options: byType }),
    bad: (bad) =>
      statement('landing/bad_rows', { bad, options, changes: statementFragment(changedRow(guarded, spec)) }),
  };
}

/** `head`: the columns in the order that they have in the file, each with its type. */
export const checkCsvStatement = (
  spec: FilesSpec,
  head: readonly { readonly name: string; readonly type: string }[],
): Statement<'landing/check_csv'> =>
  statement('landing/check_csv', {
    options: optionsFragment([
      ...givenOptions(spec),
      'auto_detect = false',
      `columns = {${head.map(({ name, type }) => `${quoteLiteral(name)}: ${quoteLiteral(type)}`).join(', ')}}`,
    ]),
  });

/** Finds the first row of a CSV with texts that are not values of their columns. */
export const badRowStatement = (spec: FilesSpec, columns: FileColumns): Statement<'landing/first_bad_row'> =>
  statement('landing/first_bad_row', {
    options: optionsFragment(givenOptions(spec)),
    misfit: statementFragment(misfitRow(Object.entries(columns), spec)),
  });

/** Whether a line of a JSON file does not fit, and its values if it does. */
export const lineFragments = (
  spec: TextsOf,
  columns: FileColumns,
): { readonly misfit: SqlFragment; readonly values: SqlFragment } => ({
  misfit: statementFragment(misfitLine(Object.entries(columns), spec)),
  values: statementFragment(valuesOfLine(Object.entries(columns), spec)),
});

/** The values that this statement binds. */
export function readFilesValues(
  { root, globs }: Pick<FilesSpec, 'root' | 'globs'>,
  { files, shape }: Pick<Read, 'files' | 'shape'>,
): { readonly files: readonly string[]; readonly folder: string; readonly above: readonly string[] } {
  const paths = files.length === 0 && shape !== null ? [shape] : files.map(({ path }) => path);
  const isRelative = !globs.every(isFixed);
  return {
    files: paths.map((path) => readable(root, path)),
    folder: isRelative ? `${root}/` : '',
    above: isRelative ? foldersAbove(root, Math.max(0, ...globs.map(levelsUp))) : [],
  };
}

/** How many folders a path goes up before it goes down. */
const levelsUp = (path: string): number =>
  isFixed(path) ? 0 : normalize(path).split('/').lastIndexOf('..') + 1;

const foldersAbove = (root: string, levels: number): string[] =>
  Array.from({ length: levels }, (_each, level) => {
    const folder = resolve(root, '../'.repeat(level + 1));
    return folder.endsWith('/') ? folder : `${folder}/`;
  });

const readable = (root: string, path: string): string =>
  isWebAddress(path) ? path : globLiteral(isFixed(path) ? path : resolve(root, path));

/** True for a path that does not depend on where the project is. */
const isFixed = (path: string): boolean => isUrl(path) || isAbsolute(path);

const givenOptions = ({ format, options }: FilesSpec): string[] =>
  Object.entries<ReaderOption>({ ...DEFAULT_OPTIONS[format], ...options }).map(
    ([name, value]) => `${quoteIdentifier(name)} = ${literal(value)}`,
  );

/** By name: a CSV reader that is given `columns` takes them by position, whatever the file's head says. */
function typeOptions(spec: FilesSpec & TextsOf, columns: FileColumns): string[] {
  const { format } = spec;
  const told = Object.entries(columns).map(
    ([name, type]) => [name, isGuarded(type, spec) ? 'VARCHAR' : type] as const,
  );
  if (format === 'parquet' || told.length === 0) return [];
  return [typesOption(told, format === 'json' ? 'columns' : 'types')];
}

const typesOption = (columns: readonly (readonly [name: string, type: string])[], option = 'types'): string =>
  `${option} = {${columns.map(([name, type]) => `${quoteLiteral(name)}: ${quoteLiteral(type)}`).join(', ')}}`;

/** A Parquet file holds typed values, not texts. */
function guardedFragment(spec: FilesSpec & TextsOf, columns: FileColumns): SqlFragment {
  const values = spec.format === 'parquet' ? [] : guardedValues(Object.entries(columns), spec);
  return statementFragment(values.length === 0 ? '' : ` replace (${values.join(', ')})`);
}

const optionsFragment = (options: readonly string[]): SqlFragment =>
  statementFragment(options.map((option) => `, ${option}`).join(''));

function literal(value: ReaderOption): string {
  if (typeof value === 'string') return quoteLiteral(value);
  return typeof value === 'object' ? `[${value.map(literal).join(', ')}]` : String(value);
}
