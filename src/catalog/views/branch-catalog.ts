/**
 * Serves the stateless prefix `branch@<name>`: all real tables; those that have the branch show it as `main`,
 * the others are read-only.
 */

import { MAIN_BRANCH } from '../../iceberg/metadata-draft.ts';
import { refHeadId } from '../../iceberg/references.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { forbidden, formatIdentifier } from '../errors.ts';
import type { Catalog, CatalogTable, TableCatalog } from '../service/catalog.ts';
import { fixedShapeCatalog } from './fixed-shape-catalog.ts';
import { redirectCommit } from './redirect-commit.ts';
import type { ShownAs, WatchedBranch } from './session-views.ts';
import { showTable } from './show-table.ts';

export const BRANCH_PREFIX = 'branch@';

/** Which head of a table the prefix shows. */
const shownAs = ({ refs }: Pick<TableMetadata, 'refs'>, branch: string): ShownAs =>
  branch === MAIN_BRANCH || refs === undefined || !Object.hasOwn(refs, branch)
    ? 'main'
    : (refs[branch]?.type ?? 'main');

/**
 * Serves a branch, or a tag, over all tables of a backend. `onLoad` is called for each table that is loaded.
 */
export function branchCatalog(
  branch: string,
  backend: TableCatalog,
  onLoad: WatchedBranch['onLoad'] = () => undefined,
): Catalog {
  // `main` shown under another name must not be a way to write to it; a tag cannot be written to at all.
  const hasBranch = (metadata: TableMetadata): boolean => shownAs(metadata, branch) === 'branch';
  const show = (table: CatalogTable): CatalogTable => {
    if (refHeadId(table.metadata, branch) === undefined) return table;
    const { text: _ofTheTableItself, ...rest } = table;
    return { ...rest, metadata: showTable(table.metadata, { kind: 'branch', branch }, Date.now()) };
  };
  return fixedShapeCatalog({
    ...backend,
    async loadTable(id) {
      const table = await backend.loadTable(id);
      onLoad(id, shownAs(table.metadata, branch));
      return show(table);
    },
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
