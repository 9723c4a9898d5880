/**
 * That the tables of a statement are of one state of the catalog. DuckDB asks for them one after the other: a
 * commit of several tables in between would show it one of them before and another after. Each table that
 * DuckDB asks for -> a conflict in its place when it would see one before and another after a commit.
 */
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { conflict, type PsybergError } from '../../model/errors.ts';
import { type TableIdentifier, tableKey, tableName } from '../../model/names.ts';
import type { RunPorts } from '../ports.ts';

export interface OneState {
  /** A statement is bound next. */
  begin(): void;
  /** `metadata`: as DuckDB gets it. Throws `source-moved`. */
  onLoad(table: TableIdentifier, metadata: TableMetadata): Promise<void>;
  /** True when a statement failed for that since the last call: it is worth another try. */
  isMixed(): boolean;
}

interface Given {
  readonly table: TableIdentifier;
  readonly snapshotId: bigint | null;
  /**
   * Its snapshot is younger than the statement: DuckDB reads the one that its log has for the time at which
   * the transaction began, of other tables of the same commit it may read the newest.
   */
  readonly isYounger: boolean;
}

/**
 * So often a statement is tried again. Where somebody commits without a pause, it then takes its tables as
 * they come.
 */
const TRIES_MAX = 10;

export function oneState({ catalog }: Pick<RunPorts, 'catalog'>): OneState {
  const given = new Map<string, Given>();
  let begunMs = Date.now();
  // DuckDB may ask for a table once more that was refused, and go on with the answer: until the statement is
  // bound anew every table is refused.
  let refusal: PsybergError | undefined;
  let tries = 0;
  const bindAnew = (): void => {
    begunMs = Date.now();
    refusal = undefined;
    given.clear();
  };
  const hasMoved = async ({ table, snapshotId }: Given): Promise<boolean> =>
    snapshotId !== currentOf((await catalog.loadTable(table))?.metadata);
  return {
    begin() {
      bindAnew();
      tries = 0;
    },
    async onLoad(table, metadata) {
      if (refusal !== undefined) throw refusal;
      if (tries >= TRIES_MAX) return;
      // It is bound anew: all its tables are asked for again.
      if (given.has(tableKey(table))) given.clear();
      const log = metadata['snapshot-log'] ?? [];
      const isYounger = (log.at(-1)?.['timestamp-ms'] ?? 0) >= begunMs;
      const own: Given = { table, snapshotId: currentOf(metadata), isYounger };
      for (const each of given.values()) {
        if (!isYounger && !each.isYounger && !(await hasMoved(each))) continue;
        tries += 1;
        refusal = conflict(
          'source-moved',
          `${tableName(each.table)} or ${tableName(table)} was committed to while the tables of the query were looked up`,
          { hint: 'run again' },
        );
        throw refusal;
      }
      given.set(tableKey(table), own);
    },
    isMixed() {
      const was = refusal !== undefined;
      if (was) bindAnew();
      return was;
    },
  };
}

const currentOf = (metadata: TableMetadata | undefined): bigint | null =>
  metadata?.['current-snapshot-id'] ?? null;
