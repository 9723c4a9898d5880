/**
 * Fills in the parts that a process template leaves open. (sources, target, known columns) -> placeholder
 * values. Pure.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import type { EventTimeUnit, Pattern } from '../model/process-spec.ts';
import { RESERVED_ALIASES } from './header-names.ts';
import { sqlName, yamlText } from './quote-name.ts';

/** A source of a new process; `parseSrcTables` makes it from text. */
export interface NewProcessSource {
  readonly table: TableIdentifier;
  readonly timeColumn?: string;
  /** Only if the time column holds integers. */
  readonly timeUnit?: EventTimeUnit;
}

interface NamedSource extends NewProcessSource {
  readonly alias: string;
  /** Undefined if unknown. */
  readonly columns?: readonly string[];
}

/** Values for the placeholders of `templates/process/<pattern>.sql`. */
export function processPlaceholders(options: {
  readonly name: string;
  readonly pattern: Pattern;
  readonly sources: readonly NewProcessSource[];
  readonly target: TableIdentifier;
  readonly columns?: Readonly<Record<string, readonly string[]>>;
}): Record<string, string> {
  const sources = nameSources(options.sources, options.columns ?? {});
  const { loadsHours, readsPrevious } = patternOf(options);
  const key = readsPrevious ? commonKey(sources) : undefined;
  const [first] = sources;
  // A join by a key alone finds only rows of the same hour; just the author knows how far back it should
  // look.
  const windowHint = (index: number): string => {
    const [other, joins] = [sources[index], loadsHours && !readsPrevious && index > 0];
    const by = joins && first !== undefined && other !== undefined ? commonKey([first, other]) : undefined;
    return by === undefined
      ? ''
      : `\n    # window: { before: 30d, key: ${yamlText(by)} }   # rows of up to 30 days before an hour belong to it`;
  };
  const eventTime = readsPrevious ? 'state_hour' : outputTime(sources[0]);
  return {
    process_name: options.name,
    sources: sources.map((source, index) => `${sourceYaml(source)}${windowHint(index)}`).join('\n'),
    target: tableName(options.target),
    target_lines:
      eventTime === undefined
        ? ''
        : `  event_time: ${yamlText(eventTime)}\n  partition_by: [${hourOf(eventTime)}]`,
    event_time: eventTime === undefined ? '' : yamlText(eventTime),
    // A quoted SQL name is written the same in YAML, where its quotes are YAML's.
    key: key === undefined ? 'entity' : sqlName(key),
    unique_key: uniqueKey(sources),
    query: loadsHours ? joinQuery(sources) : unionQuery(sources),
    events: dimensionEvents(sources, key),
  };
}

/**
 * The audit that finds duplicate rows, even in a later batch. Only a column named like an event's own id is
 * taken for the key: any other the reader must choose.
 */
function uniqueKey(sources: readonly NamedSource[]): string {
  const key =
    sources.length === 1 ? sources[0]?.columns?.find((each) => /^(event_)?id$/i.test(each)) : undefined;
  return key === undefined
    ? '  # - unique: { columns: [<key of a row>], over: target }   # no row twice, also not in a later batch'
    : `  - unique: { columns: [${sqlName(key)}], over: target }   # no row twice, also not in a later batch`;
}

/** An entry of `partition_by` as YAML. */
const hourOf = (column: string): string =>
  sqlName(column) === column ? `hour(${column})` : JSON.stringify(`hour(${sqlName(column)})`);

function nameSources(
  sources: readonly NewProcessSource[],
  columns: Readonly<Record<string, readonly string[]>>,
): NamedSource[] {
  const taken = new Set<string>();
  return sources.map((source) => {
    const { name } = source.table;
    let alias = Object.hasOwn(RESERVED_ALIASES, name.toLowerCase()) ? `${name}_rows` : name;
    // Two schemas may have a table of the same name; then the schema distinguishes them.
    if (taken.has(alias.toLowerCase())) alias = `${source.table.namespace.join('_')}_${name}`;
    taken.add(alias.toLowerCase());
    const known = Object.entries(columns).find(
      ([table]) => table.toLowerCase() === tableName(source.table).toLowerCase(),
    )?.[1];
    return { ...source, alias, ...(known === undefined ? {} : { columns: known }) };
  });
}

const sourceYaml = (source: NamedSource): string =>
  [
    `  - table: ${tableName(source.table)}`,
    ...(source.alias === source.table.name ? [] : [`    alias: ${source.alias}`]),
    ...(source.timeColumn === undefined ? [] : [`    event_time: ${yamlText(source.timeColumn)}`]),
    ...(source.timeUnit === undefined ? [] : [`    event_time_unit: ${source.timeUnit}`]),
  ].join('\n');

/** Integers become a timestamp column of their own, since only a timestamp can be partitioned by hour. */
const outputTime = (source: NamedSource | undefined): string | undefined =>
  source?.timeColumn === undefined || source.timeUnit === undefined
    ? source?.timeColumn
    : `${source.timeColumn}_utc`;

function timeExpression(source: NamedSource): string | undefined {
  if (source.timeColumn === undefined || source.timeUnit === undefined) return undefined;
  const column = `${sqlName(source.alias)}.${sqlName(source.timeColumn)}`;
  const microseconds = { epoch_s: `${column} * 1000000`, epoch_ms: `${column} * 1000`, epoch_us: column }[
    source.timeUnit
  ];
  return `make_timestamptz(${microseconds}) as ${sqlName(outputTime(source) ?? '')}`;
}

const columnsOf = (source: NamedSource): string =>
  [`${sqlName(source.alias)}.*`, timeExpression(source)]
    .filter((part) => part !== undefined)
    .join(',\n       ');

function unionQuery(sources: readonly NamedSource[]): string {
  const [only] = sources;
  if (sources.length === 1 && only !== undefined && only.timeUnit === undefined)
    return `select *\nfrom ${sqlName(only.alias)}`;
  return sources
    .map((source) => `select ${columnsOf(source)}\nfrom ${sqlName(source.alias)}`)
    .join('\nunion all by name\n');
}

function joinQuery(sources: readonly NamedSource[]): string {
  const [first, ...others] = sources;
  if (first === undefined) return '';
  const selected = [columnsOf(first)];
  const joins: string[] = [];
  const seen = new Set((first.columns ?? []).map((column) => column.toLowerCase()));
  for (const other of others) {
    const alias = sqlName(other.alias);
    const key = commonKey([first, other]);
    if (key === undefined || other.columns === undefined) {
      // Without a known key no join would run, so it is left for the reader to complete.
      joins.push(`-- left join ${alias} using (<key>)        and above: , ${alias}.<column>`);
      continue;
    }
    const twice = other.columns.filter((column) => seen.has(column.toLowerCase()));
    const fresh = other.columns.filter((column) => !seen.has(column.toLowerCase()));
    for (const column of fresh) seen.add(column.toLowerCase());
    if (fresh.length > 0)
      selected.push(
        twice.length > 0 ? `${alias}.* exclude (${twice.map(sqlName).join(', ')})` : `${alias}.*`,
      );
    joins.push(`left join ${alias} using (${sqlName(key)})`);
  }
  return [`select ${selected.join(',\n       ')}`, `from ${sqlName(first.alias)}`, ...joins].join('\n');
}

/** The column by which all sources can be joined, if their columns are known; preferably an id. */
function commonKey(sources: readonly NamedSource[]): string | undefined {
  const [first, ...others] = sources;
  const times = new Set(sources.map((source) => source.timeColumn?.toLowerCase()));
  const common = (first?.columns ?? []).filter(
    (column) =>
      !times.has(column.toLowerCase()) &&
      others.every((other) => other.columns?.some((each) => each.toLowerCase() === column.toLowerCase())),
  );
  const ids = common.filter((column) => /(^|_)id$/i.test(column));
  // An event's own id names one row; a join or a state needs something that rows have in common.
  return ids.find((column) => !/^event_id$/i.test(column)) ?? ids[0] ?? common[0];
}

function dimensionEvents(sources: readonly NamedSource[], key: string | undefined): string {
  const selected = key === undefined ? "'all' as entity" : `${sqlName(key)}::varchar as ${sqlName(key)}`;
  const comment =
    key === undefined
      ? '  -- Put the key here, for example account_id::varchar as entity: one row per entity and hour is the result.\n'
      : '';
  return (
    comment +
    sources.map((source) => `  select ${selected}\n  from ${sqlName(source.alias)}`).join('\n  union all\n')
  );
}
