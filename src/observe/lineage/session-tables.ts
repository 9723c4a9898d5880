/** Looks up the tables of a session for an event. Session -> metadata, columns with their origins. */
import type { Parser } from '../../engine/open-parser.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { engineOf } from '../../model/engines.ts';
import { parseTableName } from '../../model/names.ts';
import type { TreeNode } from '../../model/query-tree.ts';
import type { SessionTold } from '../port.ts';
import { columnOrigins } from './column-origins.ts';
import type { QueryOrigins } from './output-columns.ts';
import type { TablesOfSession } from './session-event.ts';

/**
 * Looks up the tables of a session: its sources once, its target each time, since the session may create it.
 */
export function sessionTables(
  { plan, spec, loadTable }: SessionTold,
  parser: Parser,
): () => Promise<TablesOfSession> {
  let looked: Promise<{ sources: Map<string, TableMetadata>; tree: TreeNode }> | undefined;
  const look = async (): Promise<{ sources: Map<string, TableMetadata>; tree: TreeNode }> => {
    const sources = new Map<string, TableMetadata>();
    for (const source of plan.sources) {
      if (source.files_glob !== undefined) continue;
      const metadata = await loadTable(parseTableName(source.table));
      if (metadata !== undefined) sources.set(source.alias, metadata);
    }
    return { sources, tree: await parser.parse<TreeNode>(spec.sql) };
  };
  return async () => {
    looked ??= look();
    const { sources, tree } = await looked;
    const target = await loadTable(spec.target.table);
    return { sources, target, origins: originsIn({ plan, spec }, { sources, target, tree }) };
  };
}

function originsIn(
  { plan, spec }: Pick<SessionTold, 'plan' | 'spec'>,
  found: {
    readonly sources: ReadonlyMap<string, TableMetadata>;
    readonly target: TableMetadata | undefined;
    readonly tree: TreeNode;
  },
): QueryOrigins | undefined {
  // DuckDB cannot read the SQL of another engine.
  if (engineOf(spec) !== 'duckdb') return undefined;
  // A macro may read tables of its own, and its body is not examined.
  if ((spec.macros ?? []).some(({ definition }) => /\bselect\b|\bfrom\b/i.test(definition))) return undefined;
  const columnsOf = (metadata: TableMetadata): string[] =>
    currentSchema(metadata).fields.map(({ name }) => name);
  const tables = new Map<string, readonly string[]>();
  for (const { alias, read } of plan.sources) {
    const metadata = found.sources.get(alias);
    if (metadata !== undefined) tables.set(alias.toLowerCase(), columnsOf(metadata));
    else if (read.kind === 'files')
      tables.set(alias.toLowerCase(), [
        ...Object.keys(read.columns),
        ...(read.with_filename ? ['filename'] : []),
      ]);
  }
  if (found.target !== undefined && spec.pattern === 'dimension')
    tables.set('previous', columnsOf(found.target));
  return columnOrigins(found.tree, tables);
}
