/**
 * What can happen to a source between two sessions, as data, and how to do it to a table. Shape and
 * operations -> commits. Shared by the short property test and the soak: both draw histories from here, so
 * what the soak finds can be shrunk by the test.
 */
import fc from 'fast-check';
import { ancestors, mainSnapshot } from '../../src/iceberg/history.ts';
import type { Snapshot } from '../../src/iceberg/table-metadata.ts';
import { cherryPick } from './event-tables.ts';
import type { FileChange, LiveFile } from './file-change.ts';
import { hourAt, msAt, type World } from './world.ts';

export type EventType = 'timestamptz' | 'timestamp' | 'date' | 'epoch_ms';

/** How a source is stored. `partitionedBy` as DuckDB writes it; undefined: unpartitioned. */
export interface SourceShape {
  readonly formatVersion: '1' | '2' | '3';
  readonly eventType: EventType;
  readonly partitionedBy: string | undefined;
  /** How many hours lie between two hours of a batch that follow each other; default: 1. */
  readonly hoursApart?: number;
  /** Added to every hour of a batch: another day, or hours around 1970 begin; default: 0. */
  readonly firstHour?: number;
}

/**
 * Rows of one landing: how many in which hour (counted from midnight of the tests' day); null: without an
 * event time.
 */
export type Batch = readonly { readonly hour: number | null; readonly count: number }[];

export type SourceOperation =
  | { readonly kind: 'land'; readonly batch: Batch }
  /** Whole files out, rows in. */
  | { readonly kind: 'overwrite'; readonly batch: Batch; readonly file: number }
  /** Whole files out. */
  | { readonly kind: 'delete-file'; readonly file: number }
  /** Position deletes in a table of version 2, deletion vectors in one of version 3. */
  | { readonly kind: 'delete-rows'; readonly rest: number }
  | { readonly kind: 'update-rows'; readonly rest: number }
  /** Equality deletes on the id, as streaming engines write them. */
  | { readonly kind: 'delete-equal'; readonly rest: number }
  /**
   * One file of position deletes for each partition: version 2 only, and only other engines write them so.
   */
  | { readonly kind: 'delete-positions'; readonly rest: number }
  /** Rows that no session saw: landed and deleted again. */
  | { readonly kind: 'land-and-delete'; readonly batch: Batch }
  | { readonly kind: 'compact' }
  /** A compaction that calls itself an overwrite. */
  | { readonly kind: 'compact-as-overwrite' }
  /** One file, or two neighbours, put together, as a compaction of few files does. */
  | { readonly kind: 'compact-some'; readonly file: number; readonly as: 'replace' | 'overwrite' }
  | { readonly kind: 'rollback'; readonly back: number }
  /** Back to the newest snapshot that a rollback took off `main`. */
  | { readonly kind: 'fast-forward' }
  /** The files of the newest append that a rollback took off `main`, committed once more. */
  | { readonly kind: 'cherry-pick' }
  /** Removes all snapshots that no ref needs, but for the newest `keep`. */
  | { readonly kind: 'expire'; readonly keep: number }
  | { readonly kind: 'add-column' }
  | { readonly kind: 'change-partitioning' }
  /** Several, one after the other, without a session between them. */
  | { readonly kind: 'in-one-gap'; readonly operations: readonly SourceOperation[] };

const DUCKDB_REFUSES =
  /entries without partition info|Duplicate field_id 1000|duplicate name "\w+" in struct|only supports merge-on-read/;

/** Far beyond any tolerance for the future. */
const FUTURE_HOUR = 700_000;
const hours = fc.oneof(
  { weight: 18, arbitrary: fc.integer({ min: 0, max: 6 }) },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant(FUTURE_HOUR) },
);
export const batches: fc.Arbitrary<Batch> = fc.array(
  fc.record({ hour: hours, count: fc.integer({ min: 1, max: 3 }) }),
  { minLength: 1, maxLength: 3 },
);
const file = fc.nat(20);
const rest = fc.nat(2);

export const landings: fc.Arbitrary<SourceOperation> = fc.record({
  kind: fc.constant('land' as const),
  batch: batches,
});
const compactions = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact-as-overwrite' as const) }) },
);
const partialCompactions = fc.record({
  kind: fc.constant('compact-some' as const),
  file,
  as: fc.constantFrom('replace' as const, 'overwrite' as const),
});
const rearrangement = fc.oneof(
  { weight: 3, arbitrary: compactions },
  { weight: 1, arbitrary: partialCompactions },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('expire' as const), keep: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('add-column' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change-partitioning' as const) }) },
);

/** Moves of `main`, back and forth between two sessions, or back for good. */
const movesOfMain: fc.Arbitrary<SourceOperation> = fc
  .tuple(
    fc.array(landings, { maxLength: 2 }),
    fc.integer({ min: 1, max: 2 }),
    fc.constantFrom('fast-forward' as const, 'cherry-pick' as const, 'rollback' as const),
  )
  .map(([landed, back, then]) => ({
    kind: 'in-one-gap',
    operations: [...landed, { kind: 'rollback', back }, ...(then === 'rollback' ? [] : [{ kind: then }])],
  }));

/** Operations that a stateless process takes without a decision of its own: no row that it loaded changes. */
export const appendingOperations: fc.Arbitrary<SourceOperation> = fc.oneof(
  { weight: 6, arbitrary: landings },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('land-and-delete' as const), batch: batches }) },
  { weight: 2, arbitrary: rearrangement },
);

const rowLevel = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete-rows' as const), rest }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('update-rows' as const), rest }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-equal' as const), rest }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-positions' as const), rest }) },
);

/**
 * Deletes of single rows and rewrites of the files that hold them (in either order, with others beside them):
 * the hardest that one gap between two sessions can hold.
 */
const deletesAmongRewrites: fc.Arbitrary<SourceOperation> = fc
  .tuple(
    rowLevel,
    fc.oneof(compactions, partialCompactions),
    fc.array(fc.oneof(rowLevel, compactions, partialCompactions, appendingOperations), { maxLength: 2 }),
  )
  .chain(([one, other, more]) => {
    const operations = [one, other, ...more];
    return fc.record({
      kind: fc.constant('in-one-gap' as const),
      operations: fc.shuffledSubarray<SourceOperation>(operations, { minLength: operations.length }),
    });
  });

export const anyOperations: fc.Arbitrary<SourceOperation> = fc.oneof(
  { weight: 6, arbitrary: appendingOperations },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('overwrite' as const), batch: batches, file }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-file' as const), file }) },
  { weight: 3, arbitrary: rowLevel },
  { weight: 5, arbitrary: deletesAmongRewrites },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('rollback' as const), back: fc.integer({ min: 1, max: 2 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<SourceOperation>({ kind: 'fast-forward' }, { kind: 'cherry-pick' }),
  },
  { weight: 2, arbitrary: movesOfMain },
);

/** Transforms of the event-time column exist for its type only. */
const PARTITIONINGS: Readonly<Record<EventType, readonly (string | undefined)[]>> = {
  timestamptz: [
    undefined,
    'hour(ts)',
    'day(ts)',
    'month(ts)',
    'region',
    'bucket(3, id)',
    'truncate(10, id)',
    'region, hour(ts)',
  ],
  timestamp: [undefined, 'hour(ts)', 'day(ts)', 'region'],
  date: [undefined, 'day(ts)', 'month(ts)', 'ts'],
  epoch_ms: [undefined, 'region', 'bucket(3, id)', 'truncate(3600000, ts)'],
};

export const shapes: fc.Arbitrary<SourceShape> = fc
  .constantFrom<EventType>('timestamptz', 'timestamptz', 'timestamp', 'epoch_ms', 'date')
  .chain((eventType) =>
    fc.record({
      formatVersion: fc.constantFrom('1' as const, '2' as const, '2' as const, '3' as const, '3' as const),
      eventType: fc.constant(eventType),
      partitionedBy: fc.constantFrom(...PARTITIONINGS[eventType]),
    }),
  );

const SQL_TYPE: Readonly<Record<EventType, string>> = {
  timestamptz: 'timestamptz',
  timestamp: 'timestamp',
  date: 'date',
  epoch_ms: 'bigint',
};

export const columnsOf = (shape: SourceShape): string =>
  `id bigint, region varchar, ts ${SQL_TYPE[shape.eventType]}`;

/** The event time of a source's rows as timestamptz. */
export function eventTimeSql(shape: SourceShape, column = 'ts'): string {
  switch (shape.eventType) {
    case 'timestamptz':
      return column;
    case 'timestamp':
    case 'date':
      return `(${column}::timestamp at time zone 'UTC')`;
    case 'epoch_ms':
      return `to_timestamp(${column} / 1000)`;
  }
}

/** Gives every row of a history an id of its own. */
export interface RowIds {
  next: number;
}

/** The rows of a landing as a query. */
export function rowsSql(shape: SourceShape, batch: Batch, ids: RowIds): string {
  const rows = batch.flatMap(({ hour, count }) =>
    Array.from({ length: count }, () => {
      const id = ids.next++;
      const region = id % 2 === 0 ? 'eu' : 'us';
      if (hour === null) return `(${id}::bigint, '${region}', null::${SQL_TYPE[shape.eventType]})`;
      const secondOfHour = (id * 797) % 3600;
      const at = hour === FUTURE_HOUR ? hour : hour * (shape.hoursApart ?? 1) + (shape.firstHour ?? 0);
      const instant = `(timestamptz '${hourAt(at)}' + to_seconds(${secondOfHour}))`;
      const value: Record<EventType, string> = {
        timestamptz: instant,
        timestamp: `(${instant} at time zone 'UTC')`,
        date: `(${instant} at time zone 'UTC')::date`,
        epoch_ms: `${msAt(at) + secondOfHour * 1000}::bigint`,
      };
      return `(${id}::bigint, '${region}', ${value[shape.eventType]})`;
    }),
  );
  return `select * from (values ${rows.join(', ')}) as rows(id, region, ts)`;
}

/**
 * Does an operation to a source. Returns what happened for the coverage count: the kind, or undefined where
 * the table gave it nothing to do.
 */
export async function applyOperation(input: {
  readonly world: World;
  readonly table: string;
  readonly shape: SourceShape;
  readonly operation: SourceOperation;
  readonly ids: RowIds;
}): Promise<string | undefined> {
  const { world, table, shape, operation, ids } = input;
  const insert = (batch: Batch) => world.land(table, rowsSql(shape, batch, ids), 'name');
  // Version 1 has no row-level deletes (Iceberg specification, "Version 2").
  const needed =
    { 'land-and-delete': 2, 'delete-rows': 2, 'update-rows': 2, 'delete-equal': 2, 'delete-positions': 2 }[
      operation.kind as string
    ] ?? 1;
  if (
    Number(shape.formatVersion) < needed ||
    (operation.kind === 'delete-positions' && shape.formatVersion === '3')
  )
    return undefined;
  const hasRows = async () => (await world.sql(`select 1 from ${table} limit 1`)).length > 0;
  const changeFiles = async (change: FileChange) => {
    if (!(await hasRows())) return undefined;
    await world.changeFiles(table, change);
    return operation.kind;
  };
  /**
   * What DuckDB 1.5.5 cannot do to a table that got partitions after its files, or whose partition field has
   * another name now, does not happen to it: it refuses the delete at its commit.
   */
  const byDuckdb = async (sql: string) => {
    try {
      await world.sql(sql);
      return operation.kind;
    } catch (error) {
      if (DUCKDB_REFUSES.test((error as Error).message)) return undefined;
      throw error;
    }
  };
  const oneOf = (index: number) => (files: readonly LiveFile[]) =>
    files.filter((_, each) => each === index % files.length);
  switch (operation.kind) {
    case 'land':
      await insert(operation.batch);
      return operation.kind;
    case 'land-and-delete': {
      const first = ids.next;
      await insert(operation.batch);
      return (await byDuckdb(`delete from ${table} where id >= ${first}`)) ?? 'land';
    }
    case 'overwrite':
      return changeFiles({
        operation: 'overwrite',
        remove: oneOf(operation.file),
        insert: rowsSql(shape, operation.batch, ids),
      });
    case 'delete-file':
      return changeFiles({ operation: 'delete', remove: oneOf(operation.file) });
    case 'delete-rows':
      if (!(await hasRows())) return undefined;
      return byDuckdb(`delete from ${table} where id % 3 = ${operation.rest}`);
    case 'update-rows':
      if (!(await hasRows())) return undefined;
      return byDuckdb(`update ${table} set region = region || '!' where id % 3 = ${operation.rest}`);
    case 'delete-equal': {
      const gone = await world.sql(`select id from ${table} where id % 3 = ${operation.rest}`);
      if (gone.length === 0) return undefined;
      return changeFiles({
        operation: 'delete',
        deletes: [
          {
            kind: 'equality',
            columns: ['id'],
            values: `values ${gone.map(({ id }) => `(${id}::bigint)`).join(', ')}`,
          },
        ],
      });
    }
    case 'delete-positions':
      return changeFiles({
        operation: 'delete',
        deletes: [{ kind: 'position', where: `id % 3 = ${operation.rest}`, per: 'partition' }],
      });
    case 'compact':
      return changeFiles({
        operation: 'replace',
        remove: (files) => files,
        insert: `select id, region, ts from ${table}`,
      });
    case 'compact-as-overwrite':
      return changeFiles({
        operation: 'overwrite',
        remove: (files) => files,
        insert: `select id, region, ts from ${table}`,
      });
    case 'compact-some': {
      const files = (await world.sql(`select distinct filename from ${table} order by 1`)).map(
        ({ filename }) => String(filename),
      );
      const first = operation.file % Math.max(1, files.length);
      const some = files.slice(first, first + 2);
      const insert = `select id, region, ts from ${table} where filename in (${some.map((path) => `'${path}'`).join(', ')})`;
      return changeFiles({
        operation: operation.as,
        remove: (live) => live.filter(({ path }) => some.includes(path)),
        insert,
      });
    }
    case 'rollback': {
      const to = (await world.history(table)).at(-1 - operation.back);
      if (to === undefined) return undefined;
      await world.rollback(table, to['snapshot-id']);
      return operation.kind;
    }
    case 'fast-forward':
    case 'cherry-pick': {
      const metadata = await world.metadata(table);
      const onMain = new Set((await world.history(table)).map((snapshot) => snapshot['snapshot-id']));
      const isAhead = (snapshot: Snapshot): boolean =>
        [...ancestors(metadata, snapshot)].some((each) => each === mainSnapshot(metadata));
      const off = (metadata.snapshots ?? []).filter((snapshot) => !onMain.has(snapshot['snapshot-id']));
      const picked = off.findLast((snapshot) =>
        operation.kind === 'fast-forward' ? isAhead(snapshot) : snapshot.summary?.['operation'] === 'append',
      );
      // What was picked before is there already: it would be there twice.
      const isThere = (await world.history(table)).some(
        (snapshot) => snapshot.summary?.['source-snapshot-id'] === String(picked?.['snapshot-id']),
      );
      if (picked === undefined || mainSnapshot(metadata) === undefined || isThere) return undefined;
      if (operation.kind === 'fast-forward') await world.rollback(table, picked['snapshot-id']);
      else await cherryPick(world, picked['snapshot-id'], table);
      return operation.kind;
    }
    case 'expire': {
      const { snapshots = [], refs = {} } = await world.metadata(table);
      const needed = new Set(Object.values(refs).map((ref) => ref['snapshot-id']));
      const expired = snapshots
        .slice(0, -operation.keep)
        .filter((snapshot) => !needed.has(snapshot['snapshot-id']));
      if (expired.length === 0) return undefined;
      await world.expire(
        table,
        expired.map((snapshot) => snapshot['snapshot-id']),
      );
      return operation.kind;
    }
    case 'add-column':
      await world.sql(`alter table ${table} add column if not exists extra_${ids.next++} integer`);
      return operation.kind;
    case 'change-partitioning': {
      const metadata = await world.metadata(table);
      const region = metadata.schemas.at(-1)?.fields.find((field) => field.name === 'region')?.id as number;
      const partitioned =
        metadata['partition-specs']
          .find((spec) => spec['spec-id'] === metadata['default-spec-id'])
          ?.fields.some((field) => field.name === 'region_part') ?? false;
      await world.commit(table, [
        {
          action: 'add-spec',
          spec: {
            'spec-id': -1,
            fields: partitioned ? [] : [{ 'source-id': region, name: 'region_part', transform: 'identity' }],
          },
        },
        { action: 'set-default-spec', 'spec-id': -1 },
      ] as never);
      return operation.kind;
    }
    case 'in-one-gap': {
      const done: string[] = [];
      for (const each of operation.operations)
        done.push((await applyOperation({ ...input, operation: each })) ?? 'nothing');
      return done.join(', ');
    }
  }
}
