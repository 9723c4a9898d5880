/**
 * How far a source is complete (VTTS). Source -> hour. Four providers; the plan takes the least over all sources.
 * A timestamp says "complete up to this instant", so the last complete hour is the one that ends there or before.
 */
import type { Engine } from '../engine/index.ts';
import { ancestors } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { usageError } from '../model/errors.ts';
import { HOUR_MS, type Hour, instantOf } from '../model/hour.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import type { SourceSpec } from '../model/process-spec.ts';
import { renderStatement, tableFragment } from '../statements/index.ts';

export interface VttsInput {
  readonly spec: SourceSpec;
  readonly metadata: TableMetadata;
  readonly head: Snapshot;
  /** The newest hour in which the source has rows. */
  readonly newestHour: Hour | undefined;
  readonly signalTable: TableIdentifier;
  readonly signalTableExists: () => Promise<boolean>;
  readonly engine: () => Promise<Engine>;
}

/** The hour up to which the source is complete, included; undefined when its provider knows nothing yet. */
export async function readVtts(input: VttsInput): Promise<Hour | undefined> {
  const { vtts } = input.spec;
  switch (vtts.kind) {
    case 'bounds':
      return input.newestHour;
    case 'signal':
      return signalled(input);
    case 'property':
      return fromProperty(input, vtts.key);
    case 'sql':
      return fromQuery(input, vtts.query);
  }
}

async function signalled(input: VttsInput): Promise<Hour | undefined> {
  if (!(await input.signalTableExists())) return undefined;
  const engine = await input.engine();
  const [row] = await engine.query<{ hour: number | null }>({
    sql: renderStatement('session/signalled_hour', { signal_table: tableFragment('lake', input.signalTable) }),
    parameters: { signal_name: tableName(input.spec.table) },
  });
  return row?.hour ?? undefined;
}

/** Looked up through the ancestors: a compaction or a small fix carries no such key, the writer's commit before it does. */
function fromProperty(input: VttsInput, key: string): Hour | undefined {
  for (const snapshot of ancestors(input.metadata, input.head)) {
    const text = snapshot.summary?.[key];
    if (text === undefined) continue;
    const instantMs = /^-?\d+$/.test(text) ? Number(text) : instantOf(text);
    if (Number.isNaN(instantMs))
      throw usageError('vtts-invalid', `the snapshot property '${key}' of ${tableName(input.spec.table)} is '${text}', expected epoch milliseconds or an ISO 8601 timestamp`, {
        hint: 'name another property in vtts, or use vtts: bounds',
      });
    return completeHour(instantMs);
  }
  return undefined;
}

async function fromQuery(input: VttsInput, query: string): Promise<Hour | undefined> {
  const engine = await input.engine();
  const table = await engine.table({ sql: query, parameters: {} });
  const value = table.rows[0]?.[0];
  if (value === null || value === undefined) return undefined;
  const instantMs = instantOf(String(value));
  if (table.rows.length !== 1 || table.columns.length !== 1 || Number.isNaN(instantMs))
    throw usageError(
      'vtts-invalid',
      `the vtts query of ${tableName(input.spec.table)} returned ${table.rows.length} rows of ${table.columns.length} columns, expected one timestamp`,
      {
        hint: `run it: psyberg sql "${query.replaceAll('"', '\\"')}"`,
      },
    );
  return completeHour(instantMs);
}

const completeHour = (instantMs: number): Hour => Math.floor(instantMs / HOUR_MS) - 1;
