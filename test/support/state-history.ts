/** State tables as an earlier release made them, and their histories by both releases. */
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { TableIdentifier } from '../../src/model/names.ts';
import { type StateRow, type StateTable, stateTable } from '../../src/state/tables/state-table.ts';
import { commitStateChange, ensureStateTable } from '../../src/state/write-state.ts';
import type { World } from './world.ts';

/** Names of tables that no test had before: `sessions_1`, `sessions_2`. */
export function numberedTables(name: string): () => TableIdentifier {
  let count = 0;
  return () => {
    count += 1;
    return { namespace: ['psyberg'], name: `${name}_${count}` };
  };
}

export async function stateMetadata({ psyberg }: World, table: TableIdentifier): Promise<TableMetadata> {
  const loaded = await psyberg.internals.client.loadTable(table);
  if (loaded === undefined) throw new Error('there is no such table');
  return loaded.metadata;
}

/** Without the columns that came later. */
const earlierStateTable = (of: StateTable): StateTable =>
  stateTable({
    ...of,
    columns: Object.fromEntries(
      of.columns.flatMap(({ name, type }) => (of.added.has(name) ? [] : [[name, type]])),
    ),
    added: {},
  });

/** A session that wrote to the table; `earlier`: by the release before. */
interface WrittenBy {
  readonly process: string;
  readonly earlier: boolean;
}

/** Writes session after session; `rowsOf` with all columns of the release of now. */
export async function writeStateHistory<Write extends WrittenBy>(
  { psyberg }: World,
  table: TableIdentifier,
  of: StateTable,
  {
    writes,
    rowsOf,
  }: {
    readonly writes: readonly Write[];
    readonly rowsOf: (write: Write, at: number) => readonly StateRow[];
  },
): Promise<void> {
  const { client, engine } = psyberg.internals;
  const ports = { engine: await engine(), catalog: client };
  const earlier = earlierStateTable(of);
  let isEarlier = true;
  for (const [at, each] of writes.entries()) {
    // Who was widened once stays so.
    isEarlier &&= each.earlier;
    const definition = isEarlier ? earlier : of;
    const names = new Set(definition.columns.map(({ name }) => name));
    const rows = rowsOf(each, at).map((row) =>
      Object.fromEntries(Object.entries(row).filter(([name]) => names.has(name))),
    );
    await commitStateChange(ports, await ensureStateTable(client, table, definition), {
      table,
      definition,
      processName: each.process,
      psybergSessionId: `session-${at}`,
      rows,
      replacesSession: false,
    });
  }
}
