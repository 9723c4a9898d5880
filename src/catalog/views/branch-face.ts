/** The stateless prefix `branch@<name>`: all real tables; those that have the branch show it as `main`, the others are read-only. */
import { forbidden, formatIdentifier } from '../errors.ts';
import type { CatalogFace, FaceTable, ViewBackend } from '../service/catalog-face.ts';
import { fixedShapeFace } from './read-only-face.ts';
import { redirectCommit } from './redirect-commit.ts';
import { branchHead, showTable } from './show-table.ts';

export const BRANCH_PREFIX = 'branch@';

/** Serves a branch over all tables of a backend. */
export function branchFace(branch: string, backend: ViewBackend): CatalogFace {
  const show = (table: FaceTable): FaceTable =>
    branchHead(table.metadata, branch) === undefined
      ? table
      : { metadata: showTable(table.metadata, { kind: 'branch', branch }, Date.now()), metadataLocation: table.metadataLocation };
  return fixedShapeFace({
    ...backend,
    loadTable: async (id) => show(await backend.loadTable(id)),
    async commitTables(changes) {
      const redirected = await Promise.all(
        changes.map(async (change) => {
          const { metadata } = await backend.loadTable(change.identifier);
          if (branchHead(metadata, branch) === undefined) {
            throw forbidden(`Table ${formatIdentifier(change.identifier)} has no branch ${branch}: it is read-only here`, 'create the branch, or write under the warehouse name');
          }
          return redirectCommit(change, { branch, metadata });
        }),
      );
      return (await backend.commitTables(redirected)).map(show);
    },
  });
}
