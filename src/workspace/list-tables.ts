/** Lists what a workspace's catalog holds, by name. Workspace -> tables, branches. Reads only. */
import { type FoundBranch, findBranch, tablesOf } from '../catalog/index.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import type { Workspace } from './open-workspace.ts';

export type { FoundBranch };

/** Every table, by name. */
export async function tablesIn({ client }: Pick<Workspace, 'client'>): Promise<TableIdentifier[]> {
  const tables: TableIdentifier[] = [];
  for await (const table of tablesOf(client)) tables.push(table);
  return tables.toSorted((one, other) => (tableName(one) < tableName(other) ? -1 : 1));
}

/** The branches and tags beside `main`; undefined in a catalog of too many tables to load for it. */
export async function branchesIn({
  client,
}: Pick<Workspace, 'client'>): Promise<readonly FoundBranch[] | undefined> {
  // No branch has the empty name: what is not found was looked for in every table.
  const { found, branches } = await findBranch(client, '');
  return found ? undefined : branches;
}
