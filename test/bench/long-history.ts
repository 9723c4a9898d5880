/** A long history for a table, composed: manifests are copies, and one manifest list names them all. */
import fs from 'node:fs';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import type { TableIdentifier } from '../../src/model/names.ts';
import { listStatement } from '../../src/statements/index.ts';
import type { OpenedProject } from '../support/open-project.ts';

const FIRST_ID = 4_000_000_000_000_000_000n;

/** Paths of manifest lists. */
export interface LongHistory {
  /** That of the newest snapshot. */
  readonly list: string;
  /** That of the table as it was, with one manifest. */
  readonly short: string;
}

/**
 * Runs `work` while the newest list names one manifest: an adoption opens every one that it names, which takes
 * minutes for 100,000.
 */
export async function shortened({ list, short }: LongHistory, work: () => Promise<void>): Promise<void> {
  fs.renameSync(list, `${list}.long`);
  fs.copyFileSync(short, list);
  await work();
  fs.renameSync(`${list}.long`, list);
}

/**
 * A table of one snapshot and one manifest -> a table of `snapshots` of them, which all name the same data
 * files. Composed: 10,000 commits would take half an hour, and leave the same metadata.
 */
export async function lengthen(
  psyberg: OpenedProject,
  table: TableIdentifier,
  snapshots: number,
): Promise<LongHistory> {
  const { client } = psyberg.internals;
  const engine = await psyberg.internals.engine();
  const metadata = (await client.loadTable(table))?.metadata;
  const only = metadata === undefined ? undefined : mainSnapshot(metadata);
  if (only === undefined) throw new Error('the table has no snapshot');
  const [files, rows] = ['total-data-files', 'total-records'].map((key) =>
    BigInt(only.summary?.[key] ?? 0),
  ) as [bigint, bigint];
  const [row] = await engine.query<{ manifest_path: string }>({
    sql: 'select manifest_path from read_avro($list)',
    parameters: { list: only['manifest-list'] },
  });
  const manifest = row?.manifest_path as string;
  for (let number = 2; number <= snapshots; number += 1)
    fs.copyFileSync(manifest, manifest.replace('-m0.avro', `-${number}-m0.avro`));
  const list = only['manifest-list'].replace(/snap-[^/]*$/, 'snap-long.avro');
  const select =
    listStatement('tables/write_empty_list', 'none').sql.match(/to \$destination[\s\S]*$/)?.[0] ?? '';
  await engine.execute({
    sql: `copy (
      select
        case when number = 1 then manifest_path else replace(manifest_path, '-m0.avro', '-' || number || '-m0.avro') end as manifest_path,
        manifest_length, partition_spec_id, content,
        number as sequence_number, number as min_sequence_number,
        case when number = 1 then added_snapshot_id else $first_id::bigint + number end as added_snapshot_id,
        added_files_count, existing_files_count, deleted_files_count, added_rows_count, existing_rows_count, deleted_rows_count, partitions
      from read_avro($list), range(1, $snapshots::bigint + 1) as each(number)
      order by number
    ) ${select}`,
    parameters: {
      list: only['manifest-list'],
      first_id: String(FIRST_ID),
      snapshots: String(snapshots),
      destination: list,
    },
  });
  const added = Array.from({ length: snapshots - 1 }, (_, index) => {
    const number = BigInt(index + 2);
    return {
      action: 'add-snapshot' as const,
      snapshot: {
        ...only,
        'snapshot-id': FIRST_ID + number,
        'parent-snapshot-id': number === 2n ? only['snapshot-id'] : FIRST_ID + number - 1n,
        'sequence-number': number,
        'timestamp-ms': only['timestamp-ms'] + Number(number),
        // Only the newest list is ever read: the older ones would be gigabytes.
        'manifest-list': number === BigInt(snapshots) ? list : `${list}.${number}`,
        summary: {
          ...only.summary,
          operation: 'append',
          'total-data-files': String(number * files),
          'total-records': String(number * rows),
        },
      },
    };
  });
  await client.commitTable(table, {
    requirements: [],
    updates: [
      ...added,
      {
        action: 'set-snapshot-ref',
        'ref-name': 'main',
        type: 'branch',
        'snapshot-id': FIRST_ID + BigInt(snapshots),
      },
    ],
  });
  return { list, short: only['manifest-list'] };
}
