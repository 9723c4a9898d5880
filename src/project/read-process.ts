/**
 * Reads one process file -> ProcessSpec: the YAML header in its leading comment, then the SQL. Every problem
 * is reported, none is thrown.
 */
import type { EngineName } from '../model/engines.ts';
import { withGrain } from '../model/grain.ts';
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
import { checkLandedAt } from './check-landed-at.ts';
import { writtenText } from './file-text.ts';
import { catchupOf, hoursToLoad } from './header-catchup.ts';
import { readFilesKeys, writtenFolder } from './header-files.ts';
import { readLookup } from './header-lookup.ts';
import { aliasOf, writtenPattern } from './header-names.ts';
import { checkOnSignal, onSignalOf } from './header-on-signal.ts';
import { type Header, type HeaderSource, headerSchemaWith } from './header-schema.ts';
import { readVtts } from './header-vtts.ts';
import { readWindow } from './header-window.ts';
import { NO_OWN_AUDITS, type OwnAudits } from './own-audits.ts';
import { parsePartitionBy, partitionEntries } from './partition-by.ts';
import { isMap, listOf } from './plain-values.ts';
import { type ProjectProblem, positionAt, type ReportProblem, reporterFor } from './problems.ts';
import { type ProjectSql, usedOf } from './process-sql.ts';
import { readAudits } from './read-audits.ts';
import { relativeFile } from './relative-file.ts';
import { type QueryText, readQueryText } from './sql-text.ts';
import { validate } from './validate.ts';
import { type Path, parseYamlText, type YamlText } from './yaml-text.ts';

/**
 * What a file says about itself, as far as it can be read: enough for the rules between processes even if
 * parts are wrong.
 */
export interface ProcessDraft {
  /** Path relative to the project's folder. */
  readonly file: string;
  readonly processName?: string;
  readonly target?: TableIdentifier;
  readonly sources: readonly { readonly table: TableIdentifier; readonly index: number }[];
  readonly placeOf: (path: Path) => TextPosition;
  /** The header as written; undefined if it is not a map. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Problems of the file, and of files that only it uses. */
  readonly problems: readonly ProjectProblem[];
  /** Only if there are no problems. */
  readonly spec?: ProcessSpec;
}

const NOTHING_SHARED = { variables: [], macros: [], audits: NO_OWN_AUDITS };

/** White space and line comments may precede the header. */
export const HEADER_OPEN = /^\uFEFF?(?:\s|--[^\n]*(?:\n|$))*\/\*---[ \t]*(?=\r?\n|$)/;
export const HEADER_CLOSE = '---*/';

interface ReadOptions {
  readonly file: string;
  readonly root: string;
  readonly problems: ProjectProblem[];
  /** What its SQL and its header may use of the project; default: nothing. */
  readonly shared?: ProjectSql & { readonly audits: OwnAudits };
  /** Overrides the header, unless the process reads files: those are for DuckDB. */
  readonly engine?: EngineName | undefined;
}

/** Reads `file` of the project in `root`; its problems are added to `problems`. */
export function readProcess(options: ReadOptions): ProcessDraft {
  const before = options.problems.length;
  const draft = readDraft(options);
  return { ...draft, problems: options.problems.slice(before) };
}

function readDraft(options: ReadOptions): Omit<ProcessDraft, 'problems'> {
  const { file, root, problems, shared = NOTHING_SHARED } = options;
  const named = new Set(shared.variables.map(({ name }) => name));
  const shown = relativeFile(root, file);
  const report = reporterFor(problems, shown);
  const problemsBefore = problems.length;
  const text = writtenText(file, report);
  const nothing: Omit<ProcessDraft, 'problems'> = {
    file: shown,
    sources: [],
    placeOf: () => ({ line: 1, column: 1 }),
  };

  const header = headerIn(text, report);
  if (header === undefined) return nothing;
  const yaml = onEngine(parseYamlText(text, header, report), options.engine);
  const syntax = isMap(yaml.value) && yaml.value['engine'] === 'spark' ? 'spark' : 'duckdb';
  const query = readQueryText(text, {
    first: header.last + HEADER_CLOSE.length,
    what: 'the process',
    named,
    syntax,
    report,
  });
  if (!isMap(yaml.value)) {
    if (problems.length === problemsBefore || yaml.value !== undefined)
      report(
        positionAt(text, text.indexOf('/*---')),
        'the header must be a map of keys',
        'begin with "process_name: my_process_load"',
      );
    return nothing;
  }
  validate(headerSchemaWith(shared.audits), yaml, report);
  checkHeader(yaml, report, shared.audits);
  checkOnSignal(yaml.value['on_signal'], yaml, report);
  const audits = readAudits(yaml.value, {
    root,
    report,
    problems,
    placeOf: yaml.placeOf,
    own: shared.audits,
    named,
    syntax,
  });
  checkLandedAt(yaml.value, {
    query,
    placeIn: (offset) => positionAt(text, text.indexOf(query.sql, header.last) + offset),
    audits,
    auditsPlace: yaml.placeOf(['audits']),
    report,
  });
  const draft = draftOf(yaml.value, shown, yaml.placeOf);
  if (problems.length > problemsBefore) return draft;
  const read = { file, root, query, audits, shared, placeOf: yaml.placeOf };
  return { ...draft, spec: specOf(yaml.value as unknown as Header, read) };
}

function onEngine(yaml: YamlText, engine: EngineName | undefined): YamlText {
  const { value } = yaml;
  if (engine === undefined || !isMap(value)) return yaml;
  const readsFiles = listOf(value['sources']).some(
    (source) => isMap(source) && source['files'] !== undefined,
  );
  return readsFiles ? yaml : { ...yaml, value: { ...value, engine } };
}

/** Where the header's YAML is in the text; undefined, and reported, if there is no header. */
function headerIn(
  text: string,
  report: ReportProblem,
): { readonly first: number; readonly last: number } | undefined {
  const mark = text.indexOf('/*---');
  const open = HEADER_OPEN.exec(text);
  if (open === null) {
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
    return undefined;
  }
  const last = text.indexOf(HEADER_CLOSE, open[0].length);
  if (last >= 0) return { first: open[0].length, last };
  report(
    positionAt(text, open[0].indexOf('/*---')),
    'the header is never closed',
    'end it with a line ---*/',
  );
  return undefined;
}

function draftOf(
  header: Readonly<Record<string, unknown>>,
  file: string,
  placeOf: ProcessDraft['placeOf'],
): Omit<ProcessDraft, 'problems'> {
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
    header,
  };
}

function specOf(
  header: Header,
  read: {
    readonly file: string;
    readonly root: string;
    readonly query: QueryText;
    readonly audits: readonly AuditSpec[];
    readonly shared: ProjectSql;
    readonly placeOf: ProcessDraft['placeOf'];
  },
): ProcessSpec {
  const { sql, sqlOffset, parameters } = read.query;
  return {
    processName: header.process_name,
    file: read.file,
    pattern: writtenPattern({ ...header }) as Pattern,
    ...(header.engine === 'spark' ? { engine: header.engine } : {}),
    sources: header.sources.map((source, index) =>
      sourceOf(source, { root: read.root, placeOf: (path) => read.placeOf(['sources', index, ...path]) }),
    ),
    target: targetOf(header.target),
    onSchemaChange: header.on_schema_change ?? 'refuse',
    audits: read.audits,
    hours: hoursToLoad(header),
    ...withGrain(header),
    catchup: catchupOf(header),
    ...(header.accept === undefined ? {} : { accept: header.accept }),
    ...(header.on_signal === undefined ? {} : { onSignal: onSignalOf(header.on_signal) }),
    sql,
    sqlOffset,
    parameters,
    ...usedOf({ sql, parameters, audits: read.audits }, sharedWith(header, read.shared)),
  };
}

/** Only DuckDB has macros. */
const sharedWith = ({ engine }: Header, shared: ProjectSql): ProjectSql =>
  engine === 'spark' ? { ...shared, macros: [] } : shared;

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

/** A folder, under the name that it has where a table would be. */
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
