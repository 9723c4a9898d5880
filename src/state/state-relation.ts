/**
 * Makes the relation by which a statement reads a state table: its files, as its one small manifest lists
 * them. Metadata -> what stands behind `from`. If a statement named the table, DuckDB would ask the catalog
 * for it, and a store for the list, the manifest and every file of every process.
 */
import type { Engine } from '../engine/index.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import type { TableIdentifier } from '../model/names.ts';
import {
  lakeTable,
  nullsFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
} from '../statements/index.ts';
import { type SingleContent, singleContent } from '../tables/write/single-manifest.ts';
import type { StateTable } from './tables/state-table.ts';

/** A fragment with the values that it brings along. */
export interface StateRelation {
  readonly relation: SqlFragment;
  readonly parameters: { readonly state_files?: readonly string[] };
}

/** `processName`: only files of that process are asked for. Undefined where there is no file. */
export async function stateRelation(
  engine: Engine,
  { table, metadata }: { readonly table: TableIdentifier; readonly metadata: TableMetadata },
  definition: StateTable,
  processName?: string,
): Promise<StateRelation | undefined> {
  const content = isAsMade(metadata, definition) ? await contentOf(engine, metadata) : undefined;
  // Somebody has changed it by hand: what that means the table itself tells.
  if (content === undefined) return { relation: lakeTable(table), parameters: {} };
  const files = content.files
    .filter((file) => processName === undefined || file.processName === processName)
    .map(({ path }) => path);
  if (files.length === 0) return undefined;
  const nulls = nullsFragment(definition.columns);
  const relation = statementFragment(renderStatement('fragments/state_files', { nulls }));
  return { relation, parameters: { state_files: files } };
}

/** Its columns are found in files by their names, so none may have been another one before. */
function isAsMade(metadata: TableMetadata, { columns }: StateTable): boolean {
  const { fields } = currentSchema(metadata);
  return columns.every(({ name }, index) => {
    const field = fields.find((each) => each.name === name);
    return field?.id === index + 1;
  });
}

async function contentOf(engine: Engine, metadata: TableMetadata): Promise<SingleContent | undefined> {
  const content = await singleContent(engine, metadata, mainSnapshot(metadata)).catch(() => undefined);
  const isPlain =
    content?.deleteManifests.length === 0 &&
    content.files.every(({ format }) => format.toLowerCase() === 'parquet');
  return isPlain ? content : undefined;
}
