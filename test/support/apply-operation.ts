/** Does to a source what a history says. Operation -> commits to its table. */
import { ancestors, mainSnapshot } from '../../src/iceberg/history.ts';
import type { Snapshot } from '../../src/iceberg/table-metadata.ts';
import { cherryPick } from './event-tables.ts';
import type { FileChange, LiveFile } from './file-change.ts';
import type { SourceOperation } from './source-operations.ts';
import { type RowIds, rowsSql, type SourceShape } from './source-shape.ts';
import type { World } from './world.ts';

/** A table that a history is played on. */
interface Played {
  readonly world: World;
  readonly table: string;
  readonly shape: SourceShape;
  readonly ids: RowIds;
}

type Kind = SourceOperation['kind'];
type Operation<One extends Kind> = Extract<SourceOperation, { readonly kind: One }>;

/** Version 1 has no row-level deletes (Iceberg specification, "Version 2"). */
const ROW_LEVEL: ReadonlySet<Kind> = new Set<Kind>([
  ...(['land-and-delete', 'delete-rows', 'update-rows', 'delete-equal', 'delete-positions'] as const),
]);

/** Whether tables of that format version have what the operation does to them. */
const isPossible = ({ formatVersion }: SourceShape, kind: Kind): boolean =>
  (formatVersion !== '1' || !ROW_LEVEL.has(kind)) && (formatVersion !== '3' || kind !== 'delete-positions');

/**
 * Does an operation to a source. Returns what happened for the coverage count: the kind, or undefined where
 * the table gave it nothing to do.
 */
export async function applyOperation({
  operation,
  ...played
}: Played & { readonly operation: SourceOperation }): Promise<string | undefined> {
  if (!isPossible(played.shape, operation.kind)) return undefined;
  if (operation.kind === 'in-one-gap') {
    const done: string[] = [];
    for (const each of operation.operations)
      done.push((await applyOperation({ ...played, operation: each })) ?? 'nothing');
    return done.join(', ');
  }
  if (operation.kind === 'land-and-delete') return landAndDelete(played, operation);
  return (await isDone(played, operation)) ? operation.kind : undefined;
}

/** False where the table gave it nothing to do. */
async function isDone(
  played: Played,
  operation: Exclude<SourceOperation, { readonly kind: 'in-one-gap' | 'land-and-delete' }>,
): Promise<boolean> {
  const { world, table, shape, ids } = played;
  switch (operation.kind) {
    case 'land':
      await world.land(table, rowsSql(shape, operation.batch, ids), 'name');
      return true;
    case 'delete-rows':
      return hasRows(played, () =>
        isTakenByDuckdb(world, `delete from ${table} where id % 3 = ${operation.rest}`),
      );
    case 'update-rows':
      return hasRows(played, () =>
        isTakenByDuckdb(world, `update ${table} set region = region || '!' where id % 3 = ${operation.rest}`),
      );
    case 'rollback':
      return rollBack(played, operation);
    case 'fast-forward':
    case 'cherry-pick':
      return bringBack(played, operation.kind);
    case 'expire':
      return expire(played, operation);
    case 'add-column':
      await world.sql(`alter table ${table} add column if not exists extra_${ids.next++} integer`);
      return true;
    case 'change-partitioning':
      await changePartitioning(played);
      return true;
    default: {
      const change = await fileChangeOf(played, operation);
      if (change === undefined) return false;
      return hasRows(played, async () => {
        await world.changeFiles(table, change);
        return true;
      });
    }
  }
}

async function hasRows({ world, table }: Played, work: () => Promise<boolean>): Promise<boolean> {
  return (await world.sql(`select 1 from ${table} limit 1`)).length > 0 && work();
}

const DUCKDB_REFUSES =
  /entries without partition info|Duplicate field_id 1000|duplicate name "\w+" in struct|only supports merge-on-read/;

/**
 * What DuckDB 1.5.5 cannot do to a table that got partitions after its files, or whose partition field has
 * another name now, does not happen to it: it refuses the delete at its commit.
 */
async function isTakenByDuckdb(world: World, sql: string): Promise<boolean> {
  try {
    await world.sql(sql);
    return true;
  } catch (error) {
    if (DUCKDB_REFUSES.test((error as Error).message)) return false;
    throw error;
  }
}

async function landAndDelete(
  { world, table, shape, ids }: Played,
  { kind, batch }: Operation<'land-and-delete'>,
): Promise<string> {
  const first = ids.next;
  await world.land(table, rowsSql(shape, batch, ids), 'name');
  return (await isTakenByDuckdb(world, `delete from ${table} where id >= ${first}`)) ? kind : 'land';
}

type FileOperation = Operation<
  | 'overwrite'
  | 'delete-file'
  | 'delete-equal'
  | 'delete-positions'
  | 'compact'
  | 'compact-as-overwrite'
  | 'compact-some'
>;

/** What an operation on files does to them; undefined: nothing. */
async function fileChangeOf(
  { world, table, shape, ids }: Played,
  operation: FileOperation,
): Promise<FileChange | undefined> {
  const oneOf = (index: number) => (files: readonly LiveFile[]) =>
    files.filter((_, each) => each === index % files.length);
  const allRows = `select id, region, ts from ${table}`;
  switch (operation.kind) {
    case 'overwrite':
      return {
        operation: 'overwrite',
        remove: oneOf(operation.file),
        insert: rowsSql(shape, operation.batch, ids),
      };
    case 'delete-file':
      return { operation: 'delete', remove: oneOf(operation.file) };
    case 'delete-equal': {
      const gone = await world.sql(`select id from ${table} where id % 3 = ${operation.rest}`);
      if (gone.length === 0) return undefined;
      const values = `values ${gone.map(({ id }) => `(${id}::bigint)`).join(', ')}`;
      return { operation: 'delete', deletes: [{ kind: 'equality', columns: ['id'], values }] };
    }
    case 'delete-positions':
      return {
        operation: 'delete',
        deletes: [{ kind: 'position', where: `id % 3 = ${operation.rest}`, per: 'partition' }],
      };
    case 'compact':
      return { operation: 'replace', remove: (files) => files, insert: allRows };
    case 'compact-as-overwrite':
      return { operation: 'overwrite', remove: (files) => files, insert: allRows };
    case 'compact-some': {
      const found = await world.sql(`select distinct filename from ${table} order by 1`);
      const files = found.map(({ filename }) => String(filename));
      const first = operation.file % Math.max(1, files.length);
      const some = files.slice(first, first + 2);
      return {
        operation: operation.as,
        remove: (live) => live.filter(({ path }) => some.includes(path)),
        insert: `${allRows} where filename in (${some.map((path) => `'${path}'`).join(', ')})`,
      };
    }
  }
}

async function rollBack({ world, table }: Played, { back }: Operation<'rollback'>): Promise<boolean> {
  const to = (await world.history(table)).at(-1 - back);
  if (to === undefined) return false;
  await world.rollback(table, to['snapshot-id']);
  return true;
}

/** Brings something back that a rollback took off `main`. */
async function bringBack({ world, table }: Played, kind: 'fast-forward' | 'cherry-pick'): Promise<boolean> {
  const metadata = await world.metadata(table);
  const history = await world.history(table);
  const onMain = new Set(history.map((snapshot) => snapshot['snapshot-id']));
  const isAhead = (snapshot: Snapshot): boolean =>
    [...ancestors(metadata, snapshot)].some((each) => each === mainSnapshot(metadata));
  const off = (metadata.snapshots ?? []).filter((snapshot) => !onMain.has(snapshot['snapshot-id']));
  const picked = off.findLast((snapshot) =>
    kind === 'fast-forward' ? isAhead(snapshot) : snapshot.summary?.['operation'] === 'append',
  );
  // What was picked before is there already: it would be there twice.
  const isThere = history.some(
    ({ summary }) => summary?.['source-snapshot-id'] === String(picked?.['snapshot-id']),
  );
  if (picked === undefined || mainSnapshot(metadata) === undefined || isThere) return false;
  if (kind === 'fast-forward') await world.rollback(table, picked['snapshot-id']);
  else await cherryPick(world, picked['snapshot-id'], table);
  return true;
}

async function expire({ world, table }: Played, { keep }: Operation<'expire'>): Promise<boolean> {
  const { snapshots = [], refs = {} } = await world.metadata(table);
  const needed = new Set(Object.values(refs).map((ref) => ref['snapshot-id']));
  const expired = snapshots
    .slice(0, -keep)
    .map((snapshot) => snapshot['snapshot-id'])
    .filter((id) => !needed.has(id));
  if (expired.length === 0) return false;
  await world.expire(table, expired);
  return true;
}

/** Partitions by region, or not any more. */
async function changePartitioning({ world, table }: Played): Promise<void> {
  const metadata = await world.metadata(table);
  const region = metadata.schemas.at(-1)?.fields.find((field) => field.name === 'region')?.id as number;
  const current = metadata['partition-specs'].find((spec) => spec['spec-id'] === metadata['default-spec-id']);
  const isPartitioned = current?.fields.some((field) => field.name === 'region_part') ?? false;
  const byRegion = { 'source-id': region, name: 'region_part', transform: 'identity' };
  await world.commit(table, [
    { action: 'add-spec', spec: { 'spec-id': -1, fields: isPartitioned ? [] : [byRegion] } },
    { action: 'set-default-spec', 'spec-id': -1 },
  ] as never);
}
