/**
 * Spark as somebody else who writes to the sources of a world, through its catalog: what other engines leave there,
 * version 1 tables and deletion vectors among it. Operations as data -> commits.
 */
import fc from 'fast-check';
import type { SparkSession } from '../../../src/workload/spark/connect/client.ts';
import { batches } from '../../support/source-operations.ts';
import type { Batch, RowIds, SourceShape } from '../../support/source-shape.ts';
import { hourAt, msAt, type World } from '../../support/world.ts';
import { sparkSessionOn } from './session-on.ts';

export type SparkOperation =
  | { readonly kind: 'spark-land'; readonly batch: Batch }
  /** Position deletes in version 2, deletion vectors in 3, rewritten files in 1 or where the table says so. */
  | { readonly kind: 'spark-delete'; readonly rest: number; readonly mode: Mode }
  | { readonly kind: 'spark-update'; readonly rest: number; readonly mode: Mode }
  | { readonly kind: 'spark-merge'; readonly batch: Batch; readonly mode: Mode }
  /** The rows of an hour, which may be whole files. */
  | { readonly kind: 'spark-delete-hour'; readonly hour: number }
  | { readonly kind: 'spark-compact' }
  | { readonly kind: 'spark-add-column' }
  | { readonly kind: 'spark-partition' };
type Mode = 'merge-on-read' | 'copy-on-write';

const mode = fc.constantFrom<Mode>('merge-on-read', 'merge-on-read', 'copy-on-write');
const rest = fc.nat(2);

export const sparkLandings: fc.Arbitrary<SparkOperation> = fc.record({
  kind: fc.constant('spark-land' as const),
  batch: batches,
});
export const sparkOperations: fc.Arbitrary<SparkOperation> = fc.oneof(
  { weight: 6, arbitrary: sparkLandings },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('spark-delete' as const), rest, mode }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('spark-update' as const), rest, mode }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('spark-merge' as const), batch: batches, mode }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('spark-delete-hour' as const), hour: fc.nat(6) }),
  },
  { weight: 2, arbitrary: fc.constant<SparkOperation>({ kind: 'spark-compact' }) },
  { weight: 1, arbitrary: fc.constant<SparkOperation>({ kind: 'spark-add-column' }) },
  { weight: 1, arbitrary: fc.constant<SparkOperation>({ kind: 'spark-partition' }) },
);

const SQL_TYPE: Readonly<Record<SourceShape['eventType'], string>> = {
  timestamptz: 'timestamp',
  timestamp: 'timestamp_ntz',
  date: 'date',
  epoch_ms: 'bigint',
};

/** The event time of a source's rows as a moment. */
export function sparkEventTime({ eventType }: SourceShape): string {
  if (eventType === 'timestamptz') return 'ts';
  return eventType === 'epoch_ms' ? 'timestamp_millis(ts)' : 'cast(ts as timestamp)';
}

function rowsOf({ eventType }: SourceShape, batch: Batch, ids: RowIds): string {
  const type = SQL_TYPE[eventType];
  const rows = batch.flatMap(({ hour, count }) =>
    Array.from({ length: count }, () => {
      const id = ids.next++;
      const ms = hour === null ? undefined : msAt(hour) + ((id * 797) % 3600) * 1000;
      const text = ms === undefined ? '' : new Date(ms).toISOString();
      const value = {
        timestamptz: `timestamp '${text}'`,
        timestamp: `timestamp_ntz '${text.slice(0, 19)}'`,
        date: `date '${text.slice(0, 10)}'`,
        epoch_ms: `${ms}L`,
      }[eventType];
      return `(${id}L, '${id % 2 === 0 ? 'eu' : 'us'}', ${ms === undefined ? `cast(null as ${type})` : value})`;
    }),
  );
  return `select * from values ${rows.join(', ')} as rows(id, region, ts)`;
}

export interface SparkWriter {
  /** Does an operation to `raw.<table>`. Returns its kind, or undefined where the table gave it nothing to do. */
  apply(
    table: string,
    input: { readonly shape: SourceShape; readonly operation: SparkOperation; readonly ids: RowIds },
  ): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Over the catalog of a world that is not opened again meanwhile. */
export async function sparkWriter(world: World): Promise<SparkWriter> {
  const session = await sparkSessionOn(world);
  const run = (sql: string): Promise<void> => session.execute({ sql, values: {} });
  return {
    apply: (table, { shape, operation, ids }) =>
      applyTo({ session, run, table: `lake.raw.${table}` }, shape, operation, ids),
    async close() {
      await session.close();
    },
  };
}

interface Applied {
  readonly session: SparkSession;
  readonly run: (sql: string) => Promise<void>;
  readonly table: string;
}

async function applyTo(
  { session, run, table }: Applied,
  shape: SourceShape,
  operation: SparkOperation,
  ids: RowIds,
): Promise<string | undefined> {
  const { kind } = operation;
  if ('mode' in operation) {
    const mode = shape.formatVersion === '1' ? 'copy-on-write' : operation.mode;
    await run(
      `alter table ${table} set tblproperties (${['delete', 'update', 'merge'].map((each) => `'write.${each}.mode' = '${mode}'`).join(', ')})`,
    );
  }
  switch (operation.kind) {
    case 'spark-land':
      // By name: a table may have other columns by then.
      await run(`insert into ${table} by name ${rowsOf(shape, operation.batch, ids)}`);
      return kind;
    case 'spark-delete':
      await run(`delete from ${table} where id % 3 = ${operation.rest}`);
      return kind;
    case 'spark-update':
      await run(`update ${table} set region = concat(region, '!') where id % 3 = ${operation.rest}`);
      return kind;
    case 'spark-merge': {
      const rows = rowsOf(shape, operation.batch, ids);
      const found = await session.query({ sql: `select min(id) as id from ${table}`, values: {} });
      const known = found[0]?.['id'];
      // One of the rows takes the place of one that is there.
      const source =
        typeof known === 'bigint' || typeof known === 'number'
          ? `select case when id = min(id) over () then ${known}L else id end as id, region, ts from (${rows})`
          : rows;
      await run(
        `merge into ${table} t using (${source}) s on t.id = s.id when matched then update set t.region = s.region, t.ts = s.ts when not matched then insert (id, region, ts) values (s.id, s.region, s.ts)`,
      );
      return kind;
    }
    case 'spark-delete-hour': {
      const [first, last] = [hourAt(operation.hour), hourAt(operation.hour + 1)];
      const time = sparkEventTime(shape);
      await run(
        `delete from ${table} where ${time} >= timestamp '${first}' and ${time} < timestamp '${last}'`,
      );
      return kind;
    }
    case 'spark-compact':
      await run(
        `call lake.system.rewrite_data_files(table => '${table.slice('lake.'.length)}', options => map('rewrite-all', 'true'))`,
      );
      return kind;
    case 'spark-add-column':
      await run(`alter table ${table} add column more_${ids.next++} int`);
      return kind;
    case 'spark-partition': {
      await run(`alter table ${table} add partition field truncate(2, region) as part_${ids.next++}`);
      return kind;
    }
  }
}
