/**
 * One process file -> ProcessSpec: the YAML header in its leading comment, then the SQL. Every problem is
 * reported, none is thrown.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { durationMs, HOUR_MS } from '../model/hour.ts';
import { parseTableName, type TableIdentifier, tableNameProblem } from '../model/names.ts';
import type {
  AuditSpec,
  Pattern,
  ProcessSpec,
  SourceSpec,
  TargetSpec,
  TextPosition,
} from '../model/process-spec.ts';
import { parseStart } from '../model/start.ts';
import { checkHeader } from './check-header.ts';
import { readFilesKeys, writtenFolder } from './header-files.ts';
import { readLookup } from './header-lookup.ts';
import { aliasOf, writtenPattern } from './header-names.ts';
import { type Header, type HeaderSource, headerSchema } from './header-schema.ts';
import { readVtts } from './header-vtts.ts';
import { readWindow } from './header-window.ts';
import { parsePartitionBy, partitionEntries } from './partition-by.ts';
import { isMap, listOf } from './plain-values.ts';
import { type ProjectProblem, positionAt, reporterFor } from './problems.ts';
import { readAudits } from './read-audits.ts';
import { relativeFile } from './relative-file.ts';
import { type QueryText, readQueryText } from './sql-text.ts';
import { validate } from './validate.ts';
import { type Path, parseYamlText } from './yaml-text.ts';

/**
 * What a file says about itself as far as it can be read: enough for the rules between processes, also when
 * parts are wrong.
 */
export interface ProcessDraft {
  /** Relative to the project's folder. */
  readonly file: string;
  readonly processName?: string;
  readonly target?: TableIdentifier;
  readonly sources: readonly { readonly table: TableIdentifier; readonly index: number }[];
  readonly placeOf: (path: Path) => TextPosition;
  /** Only when the file has no problem. */
  readonly spec?: ProcessSpec;
}

/** White space and line comments may stand before the header. */
export const HEADER_OPEN = /^\uFEFF?(?:\s|--[^\n]*(?:\n|$))*\/\*---[ \t]*(?=\r?\n|$)/;
export const HEADER_CLOSE = '---*/';

/** Reads `file` of the project in `root`; its problems are added to `problems`. */
export function readProcess(options: {
  readonly file: string;
  readonly root: string;
  readonly problems: ProjectProblem[];
}): ProcessDraft {
  const { file, root, problems } = options;
  const shown = relativeFile(root, file);
  const report = reporterFor(problems, shown);
  const problemsBefore = problems.length;
  const text = fs.readFileSync(file, 'utf8');
  const nothing: ProcessDraft = { file: shown, sources: [], placeOf: () => ({ line: 1, column: 1 }) };

  const open = HEADER_OPEN.exec(text);
  if (open === null) {
    const mark = text.indexOf('/*---');
    if (mark >= 0)
      report(
        positionAt(text, mark),
        'the header must be the first thing in the file, and its first line must end after /*---',
        'move it to the top and begin its YAML on the next line',
      );
    else
      report(
        { line: 1, column: 1 },
        'the header is missing',
        'begin the file with /*---, the YAML of the process on lines of its own, and ---*/',
      );
    return nothing;
  }
  const close = text.indexOf(HEADER_CLOSE, open[0].length);
  if (close < 0) {
    report(
      positionAt(text, open[0].indexOf('/*---')),
      'the header is never closed',
      'end it with a line ---*/',
    );
    return nothing;
  }
  const query = readQueryText(text, { first: close + HEADER_CLOSE.length, what: 'the process', report });
  const yaml = parseYamlText(text, { first: open[0].length, last: close }, report);
  if (!isMap(yaml.value)) {
    if (problems.length === problemsBefore || yaml.value !== undefined)
      report(
        positionAt(text, open[0].indexOf('/*---')),
        'the header must be a map of keys',
        'begin with "process_name: my_process_load"',
      );
    return nothing;
  }
  validate(headerSchema, yaml, report);
  checkHeader(yaml, report);
  const audits = readAudits(yaml.value, { root, report, problems, placeOf: yaml.placeOf });
  const draft = draftOf(yaml.value, shown, yaml.placeOf);
  if (problems.length > problemsBefore) return draft;
  const read = { file, root, query, audits, placeOf: yaml.placeOf };
  return { ...draft, spec: specOf(yaml.value as unknown as Header, read) };
}

function draftOf(
  header: Readonly<Record<string, unknown>>,
  file: string,
  placeOf: ProcessDraft['placeOf'],
): ProcessDraft {
  const tableAt = (value: unknown): TableIdentifier | undefined => {
    const written = isMap(value) ? value['table'] : undefined;
    return typeof written === 'string' && tableNameProblem(written) === undefined
      ? parseTableName(written)
      : undefined;
  };
  const target = tableAt(header['target']);
  const processName = header['process_name'];
  return {
    file,
    ...(typeof processName === 'string' ? { processName } : {}),
    ...(target === undefined ? {} : { target }),
    sources: listOf(header['sources']).flatMap((source, index) => {
      const table = tableAt(source);
      return table === undefined ? [] : [{ table, index }];
    }),
    placeOf,
  };
}

function specOf(
  header: Header,
  read: {
    readonly file: string;
    readonly root: string;
    readonly query: QueryText;
    readonly audits: readonly AuditSpec[];
    readonly placeOf: ProcessDraft['placeOf'];
  },
): ProcessSpec {
  const threshold = header.catchup?.threshold_hours;
  return {
    processName: header.process_name,
    file: read.file,
    pattern: writtenPattern({ ...header }) as Pattern,
    sources: header.sources.map((source, index) =>
      sourceOf(source, { root: read.root, placeOf: (path) => read.placeOf(['sources', index, ...path]) }),
    ),
    target: targetOf(header.target),
    onSchemaChange: header.on_schema_change ?? 'refuse',
    audits: read.audits,
    hours: header.hours ?? 'contiguous',
    catchup: threshold === undefined ? {} : { thresholdHours: threshold },
    ...read.query,
    sqlSha256: createHash('sha256').update(read.query.sql).digest('hex'),
  };
}

const sourceOf = (
  source: HeaderSource,
  { root, placeOf }: { readonly root: string; readonly placeOf: ProcessDraft['placeOf'] },
): SourceSpec => ({
  table: source.table === undefined ? folderTable(source) : parseTableName(source.table),
  ...readFilesKeys(source, root),
  alias: aliasOf(source) ?? source.table ?? '',
  ...(source.event_time === undefined ? {} : { eventTime: source.event_time }),
  ...(source.event_time_unit === undefined ? {} : { eventTimeUnit: source.event_time_unit }),
  ...readWindow(source.window),
  ...readLookup(source, placeOf),
  vtts: readVtts(source.vtts ?? 'bounds', ['vtts'], placeOf),
  onSourceChange: source.on_source_change ?? 'refuse',
  nulls: source.nulls ?? 'skip',
  futureToleranceMs:
    (source.future_tolerance === undefined ? undefined : durationMs(source.future_tolerance)) ?? HOUR_MS,
  start: (source.start === undefined ? undefined : parseStart(source.start)) ?? { kind: 'beginning' },
  protect: source.protect ?? source.files === undefined,
});

/** A folder under the name that it has where a table would be. */
const folderTable = (source: HeaderSource): TableIdentifier => ({
  namespace: [],
  name: writtenFolder(source) ?? '',
});

const targetOf = (target: Header['target']): TargetSpec => ({
  table: parseTableName(target.table),
  ...(target.event_time === undefined ? {} : { eventTime: target.event_time }),
  partitionBy: partitionEntries(target.partition_by ?? []).flatMap(({ text }) => {
    const parsed = parsePartitionBy(text);
    return 'message' in parsed ? [] : [parsed];
  }),
  properties: Object.fromEntries(
    Object.entries(target.properties ?? {}).map(([key, value]) => [key, String(value)]),
  ),
  ...(target.existing_rows === undefined ? {} : { existingRows: target.existing_rows }),
});
