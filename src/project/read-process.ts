/**
 * One process file -> ProcessSpec: the YAML header in its leading comment, then the SQL. Every problem is
 * reported, none is thrown.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseTableName, type TableIdentifier, tableNameProblem } from '../model/names.ts';
import type {
  AuditSpec,
  Pattern,
  ProcessSpec,
  SourceSpec,
  TargetSpec,
  TextPosition,
  VttsSpec,
} from '../model/process-spec.ts';
import { HOUR_MS, durationMs } from '../model/hour.ts';
import { parseStart } from '../model/start.ts';
import { aliasOf, checkHeader, listOf, writtenPattern } from './check-header.ts';
import { type Header, type HeaderSource, type HeaderVtts, headerSchema, isMap } from './header-schema.ts';
import { parsePartitionBy, partitionEntries } from './partition-by.ts';
import { positionAt, type ProjectProblem, reporterFor, type ReportProblem } from './problems.ts';
import { type QueryText, readQueryText } from './sql-text.ts';
import { validate } from './validate.ts';
import { parseYamlText, type Path } from './yaml-text.ts';

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
const HEADER_OPEN = /^\uFEFF?(?:\s|--[^\n]*(?:\n|$))*\/\*---[ \t]*(?=\r?\n|$)/;
const HEADER_CLOSE = '---*/';

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
  return problems.length > problemsBefore
    ? draft
    : {
        ...draft,
        spec: specOf(yaml.value as unknown as Header, { file, query, audits, placeOf: yaml.placeOf }),
      };
}

/** A file's path as messages show it: relative to the project, with forward slashes. */
export const relativeFile = (root: string, file: string): string =>
  path.relative(root, file).split(path.sep).join('/');

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
      sourceOf(source, (path) => read.placeOf(['sources', index, ...path])),
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

const sourceOf = (source: HeaderSource, placeOf: ProcessDraft['placeOf']): SourceSpec => ({
  table: parseTableName(source.table),
  alias: aliasOf(source) ?? source.table,
  ...(source.event_time === undefined ? {} : { eventTime: source.event_time }),
  ...(source.event_time_unit === undefined ? {} : { eventTimeUnit: source.event_time_unit }),
  vtts: vttsOf(source.vtts ?? 'bounds', ['vtts'], placeOf),
  onSourceChange: source.on_source_change ?? 'refuse',
  nulls: source.nulls ?? 'skip',
  futureToleranceMs:
    (source.future_tolerance === undefined ? undefined : durationMs(source.future_tolerance)) ?? HOUR_MS,
  start: (source.start === undefined ? undefined : parseStart(source.start)) ?? { kind: 'beginning' },
  protect: source.protect ?? true,
});

function vttsOf(vtts: HeaderVtts, path: Path, placeOf: ProcessDraft['placeOf']): VttsSpec {
  if (typeof vtts === 'string') return { kind: vtts };
  if ('from' in vtts) return vttsOf(vtts.from, [...path, 'from'], placeOf);
  return 'property' in vtts
    ? { kind: 'property', key: vtts.property }
    : { kind: 'sql', query: vtts.sql, place: placeOf([...path, 'sql']) };
}

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

interface AuditReading {
  readonly root: string;
  readonly report: ReportProblem;
  readonly problems: ProjectProblem[];
  readonly placeOf: ProcessDraft['placeOf'];
}

/** The audits of a header. Parts that the schema refused are passed over here: they have been reported. */
function readAudits(header: Readonly<Record<string, unknown>>, reading: AuditReading): AuditSpec[] {
  const names = new Set(
    listOf(header['audits']).flatMap((audit) =>
      isMap(audit) && typeof audit['name'] === 'string' ? [audit['name']] : [],
    ),
  );
  const nameFor = (wanted: string): string => {
    let name = wanted;
    for (let number = 2; names.has(name); number++) name = `${wanted}_${number}`;
    names.add(name);
    return name;
  };
  return listOf(header['audits']).flatMap((written, index): AuditSpec[] => {
    const audit = typeof written === 'string' ? { [written]: null } : isMap(written) ? written : {};
    const base = (wanted: string) => ({
      name: typeof audit['name'] === 'string' ? audit['name'] : nameFor(wanted),
      severity: audit['severity'] === 'warn' ? ('warn' as const) : ('block' as const),
      place: reading.placeOf(['audits', index]),
    });
    const columnsOf = (value: unknown): string[] =>
      isMap(value) ? listOf(value['columns']).filter((column) => typeof column === 'string') : [];
    if ('source_to_target_count' in audit) {
      const source = isMap(audit['source_to_target_count'])
        ? audit['source_to_target_count']['source']
        : undefined;
      return [
        {
          kind: 'source_to_target_count',
          ...base('source_to_target_count'),
          ...(typeof source === 'string' ? { source: exactAlias(header, source) } : {}),
        },
      ];
    }
    if (isMap(audit['no_missing_events'])) {
      const { source, key, target_key: targetKey } = audit['no_missing_events'];
      if (typeof source !== 'string' || typeof key !== 'string') return [];
      return [
        {
          kind: 'no_missing_events',
          ...base('no_missing_events'),
          source: exactAlias(header, source),
          key,
          ...(typeof targetKey === 'string' ? { targetKey } : {}),
        },
      ];
    }
    if ('not_null' in audit)
      return [{ kind: 'not_null', ...base('not_null'), columns: columnsOf(audit['not_null']) }];
    if ('unique' in audit) {
      const over = isMap(audit['unique']) && audit['unique']['over'] === 'target' ? 'target' : 'staged';
      return [{ kind: 'unique', ...base('unique'), columns: columnsOf(audit['unique']), over }];
    }
    if (typeof audit['sql'] === 'string') return readSqlAudit(audit['sql'], { ...reading, index, base });
    return [];
  });
}

/**
 * Aliases are compared without case, as DuckDB does; the spec then carries the alias as the source writes it.
 */
const exactAlias = (header: Readonly<Record<string, unknown>>, written: string): string =>
  listOf(header['sources'])
    .map(aliasOf)
    .find((alias) => alias?.toLowerCase() === written.toLowerCase()) ?? written;

function readSqlAudit(
  written: string,
  reading: AuditReading & {
    readonly index: number;
    readonly base: (name: string) => Pick<AuditSpec, 'name' | 'severity' | 'place'>;
  },
): AuditSpec[] {
  const { root, problems, report, placeOf, index, base } = reading;
  const file = path.resolve(root, written);
  if (written.trim() === '') return [];
  if (!fs.existsSync(file) || !fs.statSync(file).isFile()) {
    report(
      placeOf(['audits', index, 'sql']),
      `the audit file ${written} does not exist`,
      'create it, or correct the path; paths start at the folder of psyberg.yaml',
    );
    return [];
  }
  const shown = relativeFile(root, file);
  // Two processes may share an audit: its problems are told once.
  const known = problems.some((problem) => problem.file === shown);
  const text = fs.readFileSync(file, 'utf8');
  const own: ProjectProblem[] = [];
  const query = readQueryText(text, {
    first: text.startsWith('\uFEFF') ? 1 : 0,
    what: 'the audit',
    report: reporterFor(own, shown),
  });
  if (!known) problems.push(...own);
  const { sql, parameters, sqlOffset } = query;
  return [{ kind: 'sql', ...base(path.basename(file, '.sql')), place: sqlOffset, file, sql, parameters }];
}
