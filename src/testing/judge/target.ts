/** Reads the rows of a target in a sandbox's warehouse. */
import type { ResultRows } from '../../engine/index.ts';
import type { TableIdentifier } from '../../model/names.ts';
import { lakeTable } from '../../statements/index.ts';
import type { Sandbox } from '../world/sandbox.ts';

/** Undefined if it does not exist. */
export async function readTarget(sandbox: Sandbox, id: TableIdentifier): Promise<ResultRows | undefined> {
  if (!(await sandbox.workspace([]).client.tableExists(id))) return undefined;
  return sandbox.run('test/all_rows', { table: lakeTable(id) });
}
