/** Finds the branches and tags of a catalog's tables. Catalog -> names. */
import { MAIN_BRANCH } from '../../iceberg/metadata-draft.ts';
import type { TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import { codeOf, formatIdentifier } from '../errors.ts';

/** A branch or tag other than `main`. */
export interface FoundBranch {
  readonly name: string;
  readonly type: 'branch' | 'tag';
  /** The tables that have it, as `namespace.name`. */
  readonly tables: readonly string[];
}

/** What is needed of a catalog, or of its client. */
export interface TableLister {
  listNamespaces(parent: readonly string[]): Promise<string[][]>;
  listTables(namespace: readonly string[]): Promise<TableIdentifier[]>;
  /** Undefined, or an error, for a table that does not exist. */
  loadTable(id: TableIdentifier): Promise<{ readonly metadata: TableMetadata } | undefined>;
}

/**
 * How many tables are loaded at most to look for a name: with a foreign catalog each is a request. Not
 * measured.
 */
const TABLES_MAX = 1000;

/**
 * Looks for a branch or tag. `found`: some table has it, or it is unknown because the catalog has more tables
 * than are loaded for this; otherwise `branches` are all that exist, by name.
 */
export async function findBranch(
  catalog: TableLister,
  branch: string,
): Promise<{ readonly found: boolean; readonly branches: readonly FoundBranch[] }> {
  const branches = new Map<string, { name: string; type: 'branch' | 'tag'; tables: string[] }>();
  let count = 0;
  for await (const id of tablesOf(catalog)) {
    count += 1;
    if (count > TABLES_MAX) return { found: true, branches: [] };
    const table = await catalog.loadTable(id).catch((error: unknown) => {
      // Dropped since it was listed, or damaged: then it has no branch that could be read.
      if (codeOf(error)?.startsWith('no-such-') || codeOf(error)?.startsWith('metadata-file-'))
        return undefined;
      throw error;
    });
    for (const [name, { type }] of Object.entries(table?.metadata.refs ?? {})) {
      if (name === branch) return { found: true, branches: [] };
      if (name === MAIN_BRANCH) continue;
      const known = branches.get(name) ?? { name, type, tables: [] };
      known.tables.push(formatIdentifier(id));
      branches.set(name, known);
    }
  }
  return {
    found: branch === MAIN_BRANCH,
    branches: [...branches.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1)),
  };
}

/** Every table, on every level of namespaces. */
export async function* tablesOf(
  catalog: TableLister,
  parent: readonly string[] = [],
): AsyncGenerator<TableIdentifier> {
  for (const namespace of await catalog.listNamespaces(parent)) {
    yield* await catalog.listTables(namespace);
    yield* tablesOf(catalog, namespace);
  }
}

const NAMES_MAX = 20;

/** `a (facts.x), b (tag of facts.y)`, for a message. */
export function branchesText(branches: readonly FoundBranch[]): string {
  if (branches.length === 0) return 'no table has any but main';
  const names = branches.slice(0, NAMES_MAX).map(({ name, type, tables }) => {
    const more = tables.length > 1 ? ` and ${tables.length - 1} more` : '';
    return `${name} (${type === 'tag' ? 'tag of ' : ''}${tables[0]}${more})`;
  });
  const rest = branches.length > NAMES_MAX ? `, and ${branches.length - NAMES_MAX} more` : '';
  return `there are ${names.join(', ')}${rest}`;
}
