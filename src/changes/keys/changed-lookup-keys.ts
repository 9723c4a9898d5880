/**
 * Finds the keys of the rows in which two states of a lookup differ. Snapshots -> a temporary table. All rows
 * of both are read, because the caller is about to compute hours of the target again.
 */
import { randomUUID } from 'node:crypto';
import { currentSchema } from '../../iceberg/event-time.ts';
import type { Schema, Snapshot } from '../../iceberg/table-metadata.ts';
import {
  hashFragment,
  identifierFragment,
  type SqlFragment,
  statement,
  tableFragment,
} from '../../statements/index.ts';
import { refuseUnreadable } from '../../tables/deletes/equality-keys.ts';
import { ofData } from '../../tables/read/manifest-list.ts';
import { hashedRow, isIncomparable } from '../rows/compare-rows.ts';
import { withViews } from '../rows/show-views.ts';
import type { Source } from '../source.ts';
import { type ChangedKeys, dropKeys, type UnknownKeys } from './changed-keys.ts';

export interface ChangedLookup {
  readonly source: Source;
  readonly before: Snapshot;
  readonly head: Snapshot;
  /** The column's name; undefined: only whether rows differ is asked. */
  readonly key: string | undefined;
}

/** The keys; whoever asks drops the table. Throws what has nothing to do with the rows. */
export async function changedLookupKeys(input: ChangedLookup): Promise<ChangedKeys | UnknownKeys> {
  const { source, before, head } = input;
  if (!hasColumnsOf(source, before)) return { because: 'its columns changed' };
  try {
    for (const snapshot of [before, head]) await refuseUnreadable(source, snapshot, { isShown: false });
    return await withViews(source, { before, head }, (shown) => readKeys(input, shown));
  } catch (error) {
    if (isIncomparable(error)) return { because: 'its rows before the change cannot be read' };
    throw error;
  }
}

/** A column that was dropped, or came, holds nothing that the rows of the two could be compared by. */
function hasColumnsOf({ metadata }: Source, before: Snapshot): boolean {
  const then = metadata.schemas?.find((schema) => schema['schema-id'] === before['schema-id']);
  const columns = ({ fields }: Pick<Schema, 'fields'>): string =>
    JSON.stringify(fields.map(({ id, name, type }) => [id, name.toLowerCase(), type]));
  return then !== undefined && columns(then) === columns(currentSchema(metadata));
}

async function readKeys(
  input: ChangedLookup,
  { before, head }: { readonly before: SqlFragment; readonly head: SqlFragment },
): Promise<ChangedKeys> {
  const { engine } = input.source;
  const [changed, keys] = [temporaryTable(), temporaryTable()];
  const { fields } = currentSchema(input.source.metadata);
  const key = identifierFragment(input.key ?? (fields[0]?.name as string));
  const row = hashedRow(input.source);
  await engine.execute(statement('changes/begin_changed_keys', { changed, key, rows: head }));
  // One after the other: DuckDB 1.5.5 fails to plan a union of tables that have more deletes than rows.
  for (const [rows, sign] of [
    [head, 1],
    [before, -1],
  ] as const)
    await engine.execute(
      statement('changes/add_lookup_keys', {
        changed,
        key,
        rows,
        row_hash: hashFragment(row),
        second_hash: hashFragment(row, 'again'),
      }),
      { sign },
    );
  await engine.execute(statement('changes/end_changed_keys', { keys, changed }));
  await dropKeys(input.source, changed);
  const [counted] = await engine.query(statement('changes/count_keys', { keys }));
  return { table: keys, count: Number(counted?.keys ?? 0n), ...(await filesOf(input)) };
}

/** What was read: both states whole. */
async function filesOf({ source, before, head }: ChangedLookup): Promise<{ files: number; bytes: bigint }> {
  const lists = await Promise.all([before, head].map((snapshot) => source.manifestsOf(snapshot)));
  const files = lists.flatMap(ofData).reduce((sum, each) => sum + Number(each.live_files), 0);
  const bytes = [before, head].reduce(
    (sum, { summary }) => sum + BigInt(/^\d+$/.exec(summary?.['total-files-size'] ?? '')?.[0] ?? 0),
    0n,
  );
  return { files, bytes };
}

const temporaryTable = (): SqlFragment =>
  tableFragment('temp', { namespace: ['main'], name: `psyberg_keys_${randomUUID().replaceAll('-', '')}` });
