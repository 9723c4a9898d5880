/**
 * How far a source is complete (VTTS). Source -> hour. Four providers; the plan takes the least over all
 * sources. A timestamp says "complete up to this instant", so the last complete hour is the one that ends
 * there or before.
 */
import { type Engine, type ParserVerdict, type ResultRows, parseQuery } from '../engine/index.ts';
import { ancestors } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { PsybergError, assertNever, usageError } from '../model/errors.ts';
import { HOUR_MS, type Hour, instantOf } from '../model/hour.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import type { SourceSpec, VttsSpec } from '../model/process-spec.ts';
import { renderStatement, tableFragment } from '../statements/index.ts';

export interface VttsInput {
  readonly processName: string;
  /** The process's file, as messages show it. */
  readonly file: string;
  readonly spec: SourceSpec;
  readonly metadata: TableMetadata;
  readonly head: Snapshot;
  /** The newest hour in which the source has rows. */
  readonly newestHour: Hour | undefined;
  /** The last hour that is not of the future. */
  readonly lastAllowedHour: Hour;
  readonly signalTable: TableIdentifier;
  readonly signalTableExists: () => Promise<boolean>;
  readonly engine: () => Promise<Engine>;
}

/**
 * The hour up to which the source is complete, included; undefined when its provider knows nothing yet.
 * Nobody knows the future: a provider that says so (a table that counts as complete for good) is taken up to
 * now, or rows that were set aside would be loaded, and hours computed that have not come. Throws
 * `vtts-invalid`.
 */
export async function readVtts(input: VttsInput): Promise<Hour | undefined> {
  const hour = await toldHour(input);
  return hour === undefined ? undefined : Math.min(hour, input.lastAllowedHour);
}

async function toldHour(input: VttsInput): Promise<Hour | undefined> {
  const { vtts } = input.spec;
  switch (vtts.kind) {
    case 'bounds':
      return input.newestHour;
    case 'hour':
      return vtts.hour;
    case 'signal':
      return signalled(input);
    case 'property':
      return fromProperty(input, vtts.key);
    case 'sql':
      return fromQuery(input, vtts);
    default:
      return assertNever(vtts);
  }
}

async function signalled(input: VttsInput): Promise<Hour | undefined> {
  if (!(await input.signalTableExists())) return undefined;
  const engine = await input.engine();
  const [row] = await engine.query<{ hour: number | null }>({
    sql: renderStatement('session/signalled_hour', {
      signal_table: tableFragment('lake', input.signalTable),
    }),
    parameters: { signal_name: tableName(input.spec.table) },
  });
  return row?.hour ?? undefined;
}

/**
 * Looked up through the ancestors: a compaction or a small fix carries no such key, the writer's commit
 * before it does.
 */
function fromProperty({ spec, metadata, head, processName }: VttsInput, key: string): Hour | undefined {
  for (const snapshot of ancestors(metadata, head)) {
    const text = snapshot.summary?.[key];
    if (text === undefined) continue;
    const instantMs = /^-?\d+$/.test(text) ? epochMs(text) : calendarMs(text);
    if (instantMs !== undefined) return completeHour(instantMs);
    const table = tableName(spec.table);
    throw usageError(
      'vtts-invalid',
      `the snapshot property '${key}' of ${table}, from which ${processName} learns how far it is complete, is '${text}' (snapshot ${snapshot['snapshot-id']}), expected epoch milliseconds from 1973 to 9999 or an ISO 8601 timestamp`,
      {
        hint: 'have its writer state milliseconds (not seconds or microseconds), or name another property in vtts, or use vtts: bounds',
        context: {
          table,
          process_name: processName,
          property: key,
          found: text,
          snapshot_id: String(snapshot['snapshot-id']),
        },
      },
    );
  }
  return undefined;
}

/**
 * The value of a query over the warehouse, which names tables as `schema.table`. It may only read: a plan
 * writes nothing.
 */
async function fromQuery(
  { spec, processName, file, engine }: VttsInput,
  { query, place }: Extract<VttsSpec, { readonly kind: 'sql' }>,
): Promise<Hour | undefined> {
  const table = tableName(spec.table);
  const invalid = (what: string, found: string | null, cause?: unknown): Error =>
    usageError(
      'vtts-invalid',
      `${file}:${place.line}:${place.column} the vtts query of ${table} in ${processName} ${what}`,
      {
        hint: `let vtts: {sql: …} of this source be one SELECT of one timestamp or date; try it: psyberg sql "${query.replaceAll('"', '\\"')}"`,
        context: { table, process_name: processName, file, ...place, query, found },
        cause,
      },
    );
  const verdict = await parseQuery<ParserVerdict>(await engine(), query);
  if (verdict.error === true && verdict.position !== undefined)
    throw invalid(`cannot be parsed: ${verdict.error_message}`, null);
  if (verdict.error === true || verdict.statements?.length !== 1)
    throw invalid('is not a single SELECT, and a plan must write nothing', null);
  const { columns, rows } = await inWarehouse(await engine(), spec, query).catch((error: unknown) => {
    // A catalog that went away is no mistake of the query.
    throw error instanceof PsybergError && error.code === 'sql-failed'
      ? invalid(`failed: ${error.message.split('\n')[0]}`, null, error)
      : error;
  });
  const [column] = columns;
  if (column === undefined || columns.length !== 1 || rows.length > 1)
    throw invalid(`returned ${rows.length} rows of ${columns.length} columns, expected one timestamp`, null);
  const value = rows[0]?.[0];
  if (value === null || value === undefined) return undefined;
  if (!/^(TIMESTAMP|DATE)/.test(column.type))
    throw invalid(
      `returned a value of type ${column.type}: ${String(value)}, expected a timestamp or a date`,
      String(value),
    );
  const instantMs = calendarMs(String(value));
  if (instantMs === undefined)
    throw invalid(`returned ${String(value)}, expected a timestamp of the years 1 to 9999`, String(value));
  return completeHour(instantMs);
}

/**
 * On a connection of its own: the default catalog is changed there, and statements beside it must not notice.
 */
async function inWarehouse(engine: Engine, spec: SourceSpec, query: string): Promise<ResultRows> {
  const own = await engine.fork();
  try {
    return await own.inDatabase({ name: 'lake', schema: spec.table.namespace.join('.') }, () =>
      own.table({ sql: query, parameters: {} }),
    );
  } finally {
    own.release();
  }
}

/**
 * 1973-03-03 as milliseconds. A smaller number is one of seconds: those stay below it for the next thousand
 * years.
 */
const LEAST_EPOCH_MS = 100_000_000_000;
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * Undefined for what cannot be milliseconds: seconds lie before 1973 then, microseconds beyond the year 9999.
 */
function epochMs(text: string): number | undefined {
  const instantMs = Number(text);
  return instantMs >= LEAST_EPOCH_MS && instantMs <= LAST_MS ? instantMs : undefined;
}

/** Undefined for what is no time of the years 1 to 9999. */
function calendarMs(text: string): number | undefined {
  const instantMs = instantOf(text);
  return instantMs >= Date.parse('0001-01-01') && instantMs <= LAST_MS ? instantMs : undefined;
}

const completeHour = (instantMs: number): Hour => Math.floor(instantMs / HOUR_MS) - 1;
