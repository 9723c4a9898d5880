/**
 * The stateless prefix `branch@<name>`: all real tables; those that have the branch show it as `main`, the
 * others are read-only.
 */
import { MAIN_BRANCH } from '../../iceberg/metadata-draft.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { forbidden, formatIdentifier } from '../errors.ts';
import type { CatalogFace, FaceTable, ViewBackend } from '../service/catalog-face.ts';
import { fixedShapeFace } from './read-only-face.ts';
import { redirectCommit } from './redirect-commit.ts';
import { branchHead, showTable } from './show-table.ts';

export const BRANCH_PREFIX = 'branch@';

/** Serves a branch over all tables of a backend. */
export function branchFace(branch: string, backend: ViewBackend): CatalogFace {
  // `main` under another name would be a way to write to it; a tag is not to be written to at all.
  const hasBranch = (metadata: TableMetadata): boolean =>
    branch !== MAIN_BRANCH &&
    branchHead(metadata, branch) !== undefined &&
    metadata.refs?.[branch]?.type === 'branch';
  const show = (table: FaceTable): FaceTable => {
    if (branchHead(table.metadata, branch) === undefined) return table;
    const { text: _ofTheTableItself, ...rest } = table;
    return { ...rest, metadata: showTable(table.metadata, { kind: 'branch', branch }, Date.now()) };
  };
  return fixedShapeFace({
    ...backend,
    loadTable: async (id) => show(await backend.loadTable(id)),
    async commitTables(changes) {
      const redirected = await Promise.all(
        changes.map(async (change) => {
          const { metadata } = await backend.loadTable(change.identifier);
          if (!hasBranch(metadata)) {
            throw forbidden(
              `Table ${formatIdentifier(change.identifier)} has no branch ${branch}: it is read-only here`,
              'create the branch, or write under the warehouse name',
            );
          }
          return redirectCommit(change, { branch, metadata });
        }),
      );
      return (await backend.commitTables(redirected)).map(show);
    },
  });
}
