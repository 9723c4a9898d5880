/**
 * Refuses a session if columns that the query reads are no longer those by which the process has loaded.
 * Metadata + watermark -> nothing, or `columns-replaced`. A column is its field id. If it was dropped or
 * renamed, and another column took its name, that name means other values in rows that were loaded; what
 * reads whole rows returns other rows after any rename; and no snapshot shows it. Reads metadata of the other
 * sources if names changed.
 */
import { currentSchema } from '../iceberg/event-time.ts';
import type { Schema, TableMetadata } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { SourceSpec } from '../model/process-spec.ts';
import type { Watermark } from '../model/session.ts';
import type { SourceNames } from '../model/source-names.ts';
import { duckdbColumns } from '../statements/index.ts';
import { columnsNamed } from './columns-named.ts';
import type { WidenedColumn } from './columns-passed.ts';
import { computedWith, widenedBetween } from './columns-widened.ts';
import { fieldIdsOf, namesOfSource, SEPARATOR } from './names-of-source.ts';
import type { OpenSessionInput } from './session-input.ts';

interface Looked {
  readonly source: SourceSpec;
  readonly metadata: TableMetadata;
  readonly watermark: Watermark | undefined;
}

/** A schema that is gone from the metadata says nothing, and a watermark of an earlier release names none. */
export async function refuseReplacedColumns(
  input: Pick<OpenSessionInput, 'spec' | 'catalog' | 'readsAsBefore'>,
  looked: Looked,
): Promise<void> {
  const { source, metadata, watermark } = looked;
  const now = currentSchema(metadata);
  if (watermark?.schemaId === undefined || watermark.schemaId === now['schema-id']) return;
  const then = metadata.schemas.find((schema) => schema['schema-id'] === watermark.schemaId);
  if (then === undefined) return;
  const computed = computedWith(input.spec, widenedBetween(then, now));
  const [first] = computed;
  if (first !== undefined) {
    const others = new Set(computed.map(({ id }) => id));
    if ((await readsAsBefore(input, source, { then, now, others })) === true) return;
    throw columnWidened(input, looked, first);
  }
  const { replaced, others } = namesBetween(then, now);
  if (replaced.length + others.length === 0) return;
  const { isNamed, readsRows } = columnsNamed(input.spec);
  const named = replaced.filter(({ path }) => isNamed(path.split(SEPARATOR)[0] ?? ''));
  const isSame =
    (await readsAsBefore(input, source, { then, now })) ??
    (named.length === 0 && !(readsRows && others.length > 0));
  if (isSame) return;
  const told = [named, replaced, others].find((each) => each.length > 0) ?? [];
  throw columnsReplaced(input, looked, { isReplaced: replaced.length > 0, told });
}

/**
 * The schema by which a lookup is read as it was, if names have become those of other columns since;
 * undefined if the current schema reads its former columns just as well.
 */
export function schemaOfThen(
  metadata: TableMetadata,
  watermark: Pick<Watermark, 'schemaId'>,
): number | undefined {
  const then = metadata.schemas.find((schema) => schema['schema-id'] === watermark.schemaId);
  if (then === undefined) return undefined;
  return namesBetween(then, currentSchema(metadata)).replaced.length === 0 ? undefined : then['schema-id'];
}

interface ChangedName {
  readonly path: string;
  /** Field ids; undefined: none had, or has, the name. */
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/** `replaced`: names of other fields than before. `others`: those that came or went. */
function namesBetween(
  then: Schema,
  now: Schema,
): { readonly replaced: readonly ChangedName[]; readonly others: readonly ChangedName[] } {
  const [before, after] = [fieldIdsOf(then.fields), fieldIdsOf(now.fields)];
  const changed = [...new Set([...after.keys(), ...before.keys()])]
    .map((path) => ({ path, before: before.get(path), after: after.get(path) }))
    .filter((each) => each.before !== each.after);
  const isReplaced = (each: ChangedName): boolean => each.before !== undefined && each.after !== undefined;
  return { replaced: changed.filter(isReplaced), others: changed.filter((each) => !isReplaced(each)) };
}

/** Undefined where nobody can say it: of Spark SQL, of files, of columns that DuckDB has not. */
async function readsAsBefore(
  { spec, catalog, readsAsBefore: judge }: Pick<OpenSessionInput, 'spec' | 'catalog' | 'readsAsBefore'>,
  source: SourceSpec,
  {
    then,
    now,
    others,
  }: { readonly then: Schema; readonly now: Schema; readonly others?: ReadonlySet<number> },
): Promise<boolean | undefined> {
  if (judge === undefined || spec.sources.some(({ files }) => files !== undefined)) return undefined;
  const sources: SourceNames[] = [];
  for (const each of spec.sources) {
    const metadata = each === source ? undefined : (await catalog.loadTableToRead(each.table))?.metadata;
    if (each !== source && metadata === undefined) return undefined;
    const schema = metadata === undefined ? now : currentSchema(metadata);
    const names =
      metadata === undefined
        ? namesOfSource(each.alias, then, now, others)
        : namesOfSource(each.alias, schema, schema);
    if (names === undefined) return undefined;
    sources.push(names);
  }
  const target = (await catalog.loadTable(spec.target.table))?.metadata;
  const columns = target === undefined ? [] : duckdbColumns(currentSchema(target).fields);
  return columns === undefined ? undefined : judge({ spec, sources, target: columns });
}

function columnsReplaced(
  { spec: { processName, target: of } }: Pick<OpenSessionInput, 'spec'>,
  { source }: Pick<Looked, 'source'>,
  { isReplaced, told }: { readonly isReplaced: boolean; readonly told: readonly ChangedName[] },
): Error {
  const [table, target] = [tableName(source.table), tableName(of.table)];
  const columns = told.map(({ path }) => path.replaceAll(SEPARATOR, '.'));
  const [first] = told as readonly [ChangedName];
  const are = columns.length === 1;
  return refusal(
    'columns-replaced',
    isReplaced
      ? `${columns.join(', ')} of ${table} ${are ? 'is another column' : 'are other columns'} than when ${processName} loaded it last (field ${first.after}, not ${first.before}): dropped or renamed, and the name taken again. Rows that were loaded have other values there now`
      : `${columns.join(', ')} of ${table} ${are ? 'was' : 'were'} added, renamed or dropped since ${processName} loaded it last, and its query, which reads columns without their names, gives other values for rows that were loaded`,
    {
      hint: `compute all hours by the columns of now: psyberg restate ${processName} --all; or drop the target ${target} and run again`,
      context: { process_name: processName, table, columns },
    },
  );
}

function columnWidened(
  { spec: { processName, target } }: Pick<OpenSessionInput, 'spec'>,
  { source }: Looked,
  { path, kind, before, after }: WidenedColumn,
): Error {
  const [table, column] = [tableName(source.table), path.join('.')];
  return refusal(
    'columns-replaced',
    kind === 'type' || kind === 'number'
      ? `${column} of ${table} is a ${after}, and was a ${before} when ${processName} loaded it last: its query may make other values of rows that were loaded`
      : `${column} of ${table} has other fields than when ${processName} loaded it last, and its query, which reads it as a whole, gives other values for rows that were loaded`,
    {
      hint: `compute all hours by the columns of now: psyberg restate ${processName} --all; or drop the target ${tableName(target.table)} and run again`,
      context: { process_name: processName, table, columns: [column] },
    },
  );
}
