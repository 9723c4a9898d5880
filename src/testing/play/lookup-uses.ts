/**
 * Keeps what sessions have used of lookups whose changes are ignored. Warehouse -> tables in memory. Without
 * it nobody could say what the hours that they made should hold.
 */
import type { Relation } from '../../compare/recompute/recompute.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import { tableKey } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import { lakeTable, renderStatement, statementFragment } from '../../statements/index.ts';
import { columnsIn, memoryTable } from '../world/make-tables.ts';
import type { Sandbox } from '../world/sandbox.ts';

/** The lookups of a process whose changes leave hours as they are. */
export const ignoredLookups = ({ sources }: ProcessSpec): SourceSpec[] =>
  sources.filter(({ lookup }) => lookup?.onChange === 'ignore');

/** Copies the lookups in their current state, except for those that do not exist yet. `name`: unique. */
export async function lookupsNow(
  sandbox: Sandbox,
  spec: ProcessSpec,
  name: string,
): Promise<ReadonlyMap<string, Relation>> {
  const copies = new Map<string, Relation>();
  const { client } = sandbox.workspace([]);
  for (const { table: id, alias } of ignoredLookups(spec)) {
    const metadata = (await client.loadTableToRead(id))?.metadata;
    if (metadata === undefined) continue;
    const table = memoryTable(`${name}_${alias}`);
    const query = statementFragment(renderStatement('test/all_rows', { table: lakeTable(id) }));
    await sandbox.run('test/create_from', { table, query });
    const asOf = { metadata, snapshot: mainSnapshot(metadata) };
    copies.set(tableKey(id), { table, columns: await columnsIn(sandbox, table), asOf });
  }
  return copies;
}
