/** Writes the manifest list of a change view: the manifests that some snapshots added. Lists -> a list. */
import type { BoundStatement, Engine } from '../../engine/index.ts';
import { listStatement, type ParametersOf, type Statement } from '../../statements/index.ts';
import { asStep, changeRows, writeRowsOr } from './compose-known.ts';

type Writes = Statement<'tables/write_change_list'>;

let made: Writes | undefined;
/** Made when the first list is written: it consists of six files, and most commands write no list. */
const writing = (): Writes => (made ??= listStatement('tables/write_change_list', 'none'));

/** Makes the statement that writes the list. */
export const writeChangeList = (
  engine: Engine,
  parameters: ParametersOf<'tables/write_change_list'>,
): Promise<void> => runChangeList(engine, asStep(writing(), parameters));

/** Writes the list of a step of a plan. */
export async function runChangeList(engine: Engine, writes: BoundStatement): Promise<void> {
  const { manifest_lists: lists, snapshot_ids: ids, contents } = writes.parameters;
  // Another release may have saved the plan.
  const rows =
    writes.sql === writing().sql
      ? changeRows(lists as readonly string[], {
          snapshotIds: (ids as readonly (bigint | string)[]).map(BigInt),
          contents: contents as readonly number[],
        })
      : undefined;
  await writeRowsOr(engine, rows, { rowIds: 'none', writes });
}
