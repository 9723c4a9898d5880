/**
 * Reads folders of files among the sources of a header: their keys, the rules between these and the others,
 * and their meaning. YAML with places -> problems, and FilesSpec.
 */
import * as z from 'zod';
import type { PatternKind } from '../kinds/patterns/index.ts';
import { filled } from '../kinds/shapes.ts';
import {
  FILE_FORMATS,
  type FileFormat,
  type FilesSpec,
  folderName,
  isUrl,
  isWebAddress,
  type ReaderOption,
} from '../model/files-source.ts';
import { durationMs, FINE_DURATION_PATTERN } from '../model/hour.ts';
import { NAME_PATTERN } from '../model/names.ts';
import { isMap, textOf } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import { choice, judgedText } from './validate.ts';
import type { YamlText } from './yaml-text.ts';

const SETTLE_RULE = 'must be a number with s, m or h, such as 30s';
const anyOption: z.ZodType = z.union([z.string(), z.number(), z.boolean(), z.array(z.unknown())]);
const optionValue = choice(
  (value) =>
    isMap(value) || value === null
      ? { message: 'an option is a text, a number, true, false, or a list of these' }
      : anyOption,
  anyOption,
);

/** The keys of a source that is a folder. */
export const filesKeys = {
  files: choice(
    (value) => (Array.isArray(value) ? z.array(filled).min(1) : filled),
    z.union([filled, z.array(filled).min(1)]),
  ).optional(),
  format: z.enum(FILE_FORMATS).optional(),
  options: z.record(z.string(), optionValue).optional(),
  columns: z.record(z.string(), filled).optional(),
  on_file_change: z.enum(['refuse', 'load-again', 'ignore']).optional(),
  on_bad_rows: z.enum(['refuse', 'quarantine']).optional(),
  settle: judgedText(
    z.string(SETTLE_RULE).refine((text) => durationMs(text, { fine: true }) !== undefined, SETTLE_RULE),
    FINE_DURATION_PATTERN,
  ).optional(),
};

/** The folder as a header writes it. */
export interface HeaderFiles {
  readonly files?: string | readonly string[];
  readonly format?: FileFormat;
  readonly options?: Readonly<Record<string, ReaderOption>>;
  readonly columns?: Readonly<Record<string, string>>;
  readonly on_file_change?: FilesSpec['onFileChange'];
  readonly on_bad_rows?: FilesSpec['onBadRows'];
  readonly settle?: string;
}

const OF_FILES = ['format', 'options', 'columns', 'on_file_change', 'on_bad_rows', 'settle'] as const;
/** Keys that are only for a table, or for the hours of one. */
const OF_TABLES = ['table', 'lookup', 'window', 'vtts', 'on_source_change', 'start', 'protect'] as const;

const FORMATS: Readonly<Record<string, FileFormat>> = {
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  csv: 'csv',
  tsv: 'csv',
  parquet: 'parquet',
};

/** By the ending of the name, before `.gz` or `.zst`. */
export function formatOfFiles(glob: string): FileFormat | undefined {
  const [, ending] = /\.([A-Za-z0-9]+)(?:\.(?:gz|zst))?$/.exec(glob) ?? [];
  return ending === undefined ? undefined : FORMATS[ending.toLowerCase()];
}

const globsOf = (written: unknown): readonly string[] =>
  (Array.isArray(written) ? written : [written]).filter((glob): glob is string => typeof glob === 'string');

/** The name of a source's folder; undefined if it is a table. */
export const writtenFolder = (source: unknown): string | undefined =>
  isMap(source) && source['files'] !== undefined ? folderName(globsOf(source['files'])) : undefined;

export function checkFiles(
  source: Readonly<Record<string, unknown>>,
  {
    index,
    pattern,
    kind,
    yaml,
    report,
  }: {
    readonly index: number;
    readonly pattern: string | undefined;
    readonly kind: PatternKind | undefined;
    readonly yaml: YamlText;
    readonly report: ReportProblem;
  },
): void {
  const key = (name: string) => yaml.placeOfKey(['sources', index, name]);
  if (source['files'] === undefined) {
    if (source['table'] === undefined)
      report(
        yaml.placeOf(['sources', index]),
        'a source has neither table nor files',
        'name a table (table: raw.events), or files (files: landing/events/*.jsonl)',
      );
    for (const name of OF_FILES)
      if (source[name] !== undefined)
        report(key(name), `${name} is for a source of files, and this one is a table`, 'remove it');
    return;
  }
  for (const name of OF_TABLES)
    if (source[name] !== undefined)
      report(
        key(name),
        `${name} is for a source that is a table, and this one is files`,
        name === 'table' ? 'keep one of the two' : 'remove it',
      );
  if (kind !== undefined && kind.operation !== 'append')
    report(
      key('files'),
      `files are for a stateless process, and this one is ${pattern}: it would have to read the files of an hour again`,
      'land the files in a table with a stateless process, and read that table here',
    );
  if (textOf(source['alias']) === undefined)
    report(
      yaml.placeOf(['sources', index]),
      'files have no name by themselves',
      'say how the SQL names them: alias: orders',
    );
  checkReader(source, { key, report });
}

function checkReader(
  source: Readonly<Record<string, unknown>>,
  {
    key,
    report,
  }: { readonly key: (name: string) => ReturnType<YamlText['placeOfKey']>; readonly report: ReportProblem },
): void {
  const globs = globsOf(source['files']);
  const unlisted = globs.find((glob) => isWebAddress(glob) && glob.includes('*'));
  if (unlisted !== undefined)
    report(
      key('files'),
      `no web server lists its files, so ${unlisted} says none`,
      'name each file by its address',
    );
  const formats = new Set(globs.map(formatOfFiles));
  if (source['format'] === undefined && (formats.size > 1 || formats.has(undefined)))
    report(
      key('files'),
      formats.size > 1 && !formats.has(undefined)
        ? `the files are of several formats: ${[...formats].join(', ')}`
        : 'how the files are read does not follow from the name',
      `say it: format: ${FILE_FORMATS.join(' | ')}`,
    );
  const format = source['format'] ?? formatOfFiles(globs[0] ?? '');
  if (format === 'parquet' && source['columns'] !== undefined)
    report(
      key('columns'),
      'Parquet files say the types of their columns themselves',
      'remove columns, and cast in the query',
    );
  if (format === 'parquet' && source['on_bad_rows'] === 'quarantine')
    report(key('on_bad_rows'), 'a Parquet file fits or does not, row by row it cannot be told', 'remove it');
  for (const name of Object.keys(isMap(source['options']) ? source['options'] : {}))
    if (!NAME_PATTERN.test(name) || ['filename', 'columns', 'hive_partitioning'].includes(name.toLowerCase()))
      report(
        key('options'),
        `'${name}' is no option that can be given`,
        name.toLowerCase() === 'columns' ? 'write columns: beside options:' : 'remove it',
      );
}

/** A header's folder, once its rules have accepted it; empty for a table. */
export function readFilesKeys(source: HeaderFiles, root: string): { readonly files?: FilesSpec } {
  const globs = globsOf(source.files);
  const [first] = globs;
  if (first === undefined) return {};
  return {
    files: {
      globs: globs.map((glob) => (isUrl(glob) ? glob : glob.replace(/^\.\//, ''))),
      root,
      format: source.format ?? formatOfFiles(first) ?? 'json',
      options: { ...(/\.tsv(\.|$)/i.test(first) ? { delim: '\t' } : {}), ...source.options },
      ...(source.columns === undefined ? {} : { columns: source.columns }),
      onFileChange: source.on_file_change ?? 'refuse',
      onBadRows: source.on_bad_rows ?? 'refuse',
      settleMs: source.settle === undefined ? 0 : (durationMs(source.settle, { fine: true }) ?? 0),
    },
  };
}
