/**
 * Plans a project over a folder of files: the names of its processes, and what they select. Columns as DuckDB
 * found them -> placeholders of `templates/files`. Pure.
 */
import path from 'node:path';
import { usageError } from '../model/errors.ts';
import { type FilesSpec, isUrl } from '../model/files-source.ts';
import type { EventTimeUnit } from '../model/process-spec.ts';
import { sqlName, yamlText } from './quote-name.ts';

/** A column and DuckDB's name of its type. */
export interface FoundColumn {
  readonly name: string;
  readonly type: string;
}

interface EventTime {
  readonly column: FoundColumn;
  readonly unit?: EventTimeUnit;
}

const TIMES = /^(TIMESTAMP.*|DATE)$/;
const INTEGERS = /^(BIGINT|INTEGER|UBIGINT)$/;
/**
 * The most usual names of event times come first; other columns tell when something else happened to the row.
 */
const NAMES: readonly RegExp[] = [
  /^(event|occurred|happened)_?(ts|at|time|date)?$/i,
  /^(ts|time|timestamp|datetime|date)$/i,
  /_(ts|at|time|date|utc)$/i,
  /(time|date)/i,
];
/** Integers of the years 2001 to 2286 in that unit, judged by the name alone: values are not looked at. */
const UNITS: readonly (readonly [RegExp, EventTimeUnit])[] = [
  [/_(ms|millis)$/i, 'epoch_ms'],
  [/_(us|micros)$/i, 'epoch_us'],
  [/_(s|sec|secs|seconds|epoch)$/i, 'epoch_s'],
];

/** The column that tells when a row happened: the first that looks like it. */
export function eventTimeAmong(columns: readonly FoundColumn[]): EventTime | undefined {
  const times = columns.filter(({ type }) => TIMES.test(type));
  for (const name of NAMES) {
    const found = times.find((column) => name.test(column.name));
    if (found !== undefined) return { column: found };
  }
  const [first] = times;
  if (first !== undefined) return { column: first };
  for (const [ending, unit] of UNITS) {
    const column = columns.find(({ name, type }) => INTEGERS.test(type) && ending.test(name));
    if (column !== undefined) return { column, unit };
  }
  return undefined;
}

/** What the rows are called: like their folder, or else like their file. */
export function nameOfFiles(glob: string): string {
  const parts = (isUrl(glob) ? glob.replace(/^[a-z0-9+.-]+:\/\//i, '') : glob).split('/');
  const plain = parts.slice(0, -1).filter((part) => !/[*?[\]{}]/.test(part) && !/^\.{0,2}$/.test(part));
  const named = plain.at(-1) ?? (parts.at(-1) ?? '').split('.')[0] ?? '';
  const name = named.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^_+|_+$/g, '');
  const known = /^[A-Za-z_]/.test(name) ? name : `files_${name}`;
  return ['', 'files_', 'staged', 'target', 'previous'].includes(known.toLowerCase())
    ? 'landed'
    : known.toLowerCase();
}

const typeText = (type: string): string =>
  type.toLowerCase().replace('timestamp with time zone', 'timestamptz');

/** Laid out like `psyberg fmt`: on one line if short, otherwise one below the other. */
const SHORT = 72;
const WIDTH = 100;
const BELOW = ',\n       ';
const listOf = (columns: readonly string[], begin: number): string =>
  begin + columns.join(', ').length <= SHORT && columns.every((name) => /^\w+$/.test(name))
    ? columns.join(', ')
    : columns.join(BELOW);

function ddlOf(table: string, columns: readonly FoundColumn[]): string {
  const texts = columns.map(({ name, type }) => `${sqlName(name)} ${typeText(type)}`);
  const oneLine = `create table ${table} (${texts.join(', ')});`;
  return oneLine.length <= WIDTH ? oneLine : `create table ${table} (\n  ${texts.join(',\n  ')}\n);`;
}

/** Event times for the rows of the test, as YAML: two in one hour or day, one in the next. */
const exampleTimes = (isDate: boolean) =>
  isDate
    ? { first: '2024-01-01', late: '2024-01-01', next: '2024-01-02', hour: '2024-01-01', after: '2024-01-02' }
    : {
        first: '2024-01-01T05:10:00Z',
        late: '2024-01-01T05:50:00Z',
        next: '2024-01-01T06:20:00Z',
        hour: '2024-01-01T05:00:00Z',
        after: '2024-01-01T06:00:00Z',
      };

/**
 * The placeholders of `templates/files`. Throws `event-time-missing` if no column looks like one, since
 * everything here is counted by hours.
 */
export function filesPlaceholders(
  files: Pick<FilesSpec, 'globs' | 'format'>,
  options: {
    readonly columns: readonly FoundColumn[];
    readonly project: string;
    readonly saysFormat: boolean;
  },
): Record<string, string> {
  const [glob = ''] = files.globs;
  const time = eventTimeAmong(options.columns);
  if (time === undefined)
    throw usageError('event-time-missing', `no column of ${glob} looks like the time of an event`, {
      hint: `the columns are ${options.columns.map(({ name, type }) => `${name} ${type}`).join(', ')}; create the project without --files, and write the process as docs/concepts/files.md shows`,
      context: { files: glob },
    });
  const { column, unit } = time;
  const isDate = column.type === 'DATE';
  const target = unit === undefined ? column.name : `${column.name}_utc`;
  const targetColumns = [
    ...options.columns,
    ...(unit === undefined ? [] : [{ name: target, type: 'timestamptz' }]),
  ];
  const name = nameOfFiles(glob);
  const named = options.columns.map((each) => sqlName(each.name));
  const perUnit = { epoch_s: ' * 1000000', epoch_ms: ' * 1000', epoch_us: '' };
  return {
    project: options.project,
    name,
    glob,
    files: /^[\w./-][\w./*?-]*$/.test(glob) ? glob : JSON.stringify(glob),
    format: options.saysFormat ? `    format: ${files.format}` : '',
    event_time: yamlText(column.name),
    unit: unit === undefined ? '' : `    event_time_unit: ${unit}`,
    target_time: sqlName(target),
    grain: isDate ? 'day' : 'hour',
    day: isDate ? '::date' : '',
    ddl: ddlOf(`raw.${name}`, targetColumns),
    ...exampleTimes(isDate),
    test_time: yamlText(target),
    columns:
      unit === undefined
        ? listOf(named, 'select '.length)
        : [...named, `make_timestamptz(${sqlName(column.name)}${perUnit[unit]}) as ${sqlName(target)}`].join(
            BELOW,
          ),
  };
}

/**
 * A glob for the header of a process: relative to the project if it was given as a relative one. `from`: the
 * folder that it was relative to.
 */
export const globInProject = (glob: string, from: string, directory: string): string =>
  isUrl(glob) || path.isAbsolute(glob)
    ? glob
    : path.relative(directory, path.resolve(from, glob)).split(path.sep).join('/');
