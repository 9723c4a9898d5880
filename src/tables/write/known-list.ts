/**
 * Small manifest lists as values, so that statements over them stay prepared: DuckDB plans one over the files
 * for 3 to 8 ms of CPU, whatever they hold (2026-11-30). What the rows mean is for the statements to say.
 */
import type { BoundStatement, BoundValue, Engine } from '../../engine/index.ts';
import { readLocalFile } from '../../files/local.ts';
import { readAvroRows, writeAvroRows } from '../../iceberg/avro-rows.ts';
import type { AvroObject, AvroValue } from '../../iceberg/avro-values.ts';
import { renderJson } from '../../iceberg/json.ts';
import { MANIFEST_FILE, MANIFEST_FILE_WITH_ROW_IDS } from '../../model/manifest-schema.ts';
import {
  type DeclaredParameter,
  listedRows,
  overKnownLists,
  type ParametersOf,
  type RowLineage,
  type Statement,
  type StatementRow,
  statement,
  statementFile,
} from '../../statements/index.ts';
import { writeFile } from '../avro-files.ts';

/** Bytes of all lists; beyond, DuckDB reads them in less time than JavaScript. */
const BYTES_MAX = 32 * 1024;

type Declared = BoundStatement & Required<Pick<BoundStatement, 'declared'>>;

/** A statement with its values, as a step of a plan has them. */
export const asStep = (of: Statement, parameters: BoundStatement['parameters']): Declared => ({
  sql: of.sql,
  parameters,
  declared: { name: of.name, parameters: statementFile(of.name).parameters },
});

/** Above every id that a row may have. */
const NO_ROW_ID = 2n ** 63n - 1n;

/** `tables/list_totals`, over what is known of the list where it is small. */
export function queryListTotals(
  engine: Engine,
  parameters: ParametersOf<'tables/list_totals'>,
): Promise<StatementRow<'tables/list_totals'>[]> {
  // NULL has no type of its own: with it the statement would not stay prepared.
  const asked = asStep(statement('tables/list_totals'), {
    ...parameters,
    first_row_id: parameters.first_row_id ?? NO_ROW_ID,
  });
  return engine.query(overKnown(asked.sql, asked) ?? asked);
}

/**
 * Writes a manifest list: by its statement, or, where the lists that it reads are small and lie on this
 * machine, its rows alone by DuckDB. `writes`: a COPY to `$destination`.
 */
export async function writeList(engine: Engine, writes: BoundStatement, lineage: RowLineage): Promise<void> {
  const { destination } = writes.parameters;
  const rows = listedRows(writes.sql);
  const known = rows === undefined ? undefined : overKnown(rows, writes);
  const content = known === undefined ? undefined : fileOf(await engine.query<ListedRow>(known), lineage);
  if (content === undefined || typeof destination !== 'string') await engine.execute(writes);
  else await writeFile(engine, destination, content);
}

/** Undefined where a row lacks what every list has to say: DuckDB decides what comes of it. */
function fileOf(rows: readonly ListedRow[], lineage: RowLineage): Buffer | undefined {
  const schema = lineage === 'none' ? MANIFEST_FILE : MANIFEST_FILE_WITH_ROW_IDS;
  const required = schema.fields.filter(({ type }) => !Array.isArray(type));
  return rows.every((row) => required.every(({ name }) => row[name] !== null))
    ? writeAvroRows(schema, {}, rows.map(withBytes))
    : undefined;
}

/** A row as DuckDB returns it: bounds are hexadecimal text. */
type ListedRow = { readonly [name: string]: AvroValue } & {
  readonly partitions:
    | readonly {
        readonly contains_null: boolean;
        readonly contains_nan: boolean | null;
        readonly lower_bound: string | null;
        readonly upper_bound: string | null;
      }[]
    | null;
};

const withBytes = (row: ListedRow): AvroObject => ({
  ...row,
  partitions:
    row.partitions?.map((each) => ({
      ...each,
      lower_bound: bytesOf(each.lower_bound),
      upper_bound: bytesOf(each.upper_bound),
    })) ?? null,
});
const bytesOf = (bound: string | null): Buffer | null => (bound === null ? null : Buffer.from(bound, 'hex'));

/** The statement over what is known of its lists; undefined where they are not small, or not here. */
function overKnown(sql: string, { parameters, declared }: BoundStatement): BoundStatement | undefined {
  const over = overKnownLists(sql);
  if (over === undefined || declared === undefined) return undefined;
  const values: Record<string, BoundValue> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(parameters)) {
    if (name === 'destination') continue;
    if (!over.lists.includes(name)) {
      values[name] = value;
      continue;
    }
    const rows: string[] = [];
    for (const path of [value].flat() as readonly string[]) {
      const list = knownList(path, BYTES_MAX - bytes);
      if (list === undefined) return undefined;
      bytes += list.bytes;
      rows.push(list.rows);
    }
    values[name] = rows;
  }
  const types = declared.parameters.flatMap((each) =>
    each.name === 'destination' ? [] : [over.lists.includes(each.name) ? { ...each, type: TEXTS } : each],
  );
  return {
    sql: over.sql,
    parameters: values,
    declared: { name: declared.name, parameters: types },
    isKept: true,
  };
}

const TEXTS: DeclaredParameter['type'] = { kind: 'list', item: { kind: 'scalar', name: 'VARCHAR' } };

/** The rows of a list as `macros/known_list` takes them. */
function knownList(
  path: string,
  bytesMax: number,
): { readonly rows: string; readonly bytes: number } | undefined {
  try {
    const file = readLocalFile(path);
    if (file === undefined || file.length > bytesMax) return undefined;
    const rows = readAvroRows(file, MANIFEST_FILE_WITH_ROW_IDS);
    if (rows === undefined) return undefined;
    return { rows: renderJson(rows.map(withText)), bytes: file.length };
  } catch {
    // DuckDB says what is wrong with it.
    return undefined;
  }
}

const withText = (row: AvroObject): AvroObject => ({
  ...row,
  partitions:
    (row['partitions'] as readonly AvroObject[] | null | undefined)?.map((each) => ({
      ...each,
      lower_bound: textOf(each['lower_bound']),
      upper_bound: textOf(each['upper_bound']),
    })) ?? null,
});
const textOf = (bound: AvroValue | undefined): string | null =>
  Buffer.isBuffer(bound) ? bound.toString('hex').toUpperCase() : null;
