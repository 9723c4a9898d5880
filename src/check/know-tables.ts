/**
 * Finds the columns of the tables that processes read: from the DDL of `tables/`, else from the query of the
 * process that writes them, else from the warehouse. Files and queries come first, so that a project is
 * checked as it is written, with or without a warehouse.
 */
import { columnsOfDdl } from '../binding/table-columns.ts';
import type { Binder, BoundColumn } from '../engine/index.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { PsybergError } from '../model/errors.ts';
import { type TableIdentifier, tableKey } from '../model/names.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { ProcessDraft } from '../project/read-process.ts';
import { readTableFiles } from '../project/table-files.ts';
import { duckdbColumns } from '../statements/index.ts';
import type { CheckedTableFile, UnknownTable } from './facts.ts';

export type KnownTable =
  | { readonly columns: readonly BoundColumn[]; readonly unknown?: never }
  | { readonly unknown: UnknownTable };

export interface KnownTables {
  readonly files: readonly CheckedTableFile[];
  /** Asks the warehouse if nothing else tells. */
  columnsOf(table: TableIdentifier): Promise<KnownTable>;
  /** A target as the warehouse has it; undefined if it is not there, or nobody has asked. */
  targetOf(table: TableIdentifier): Promise<TableMetadata | undefined>;
  /** Records what a process returns; it must be bound before the processes that read it. */
  written(table: TableIdentifier, columns: readonly BoundColumn[]): void;
}

export interface TablesInput {
  readonly project: ProjectSpec;
  readonly drafts: readonly ProcessDraft[];
  /** False if psyberg.yaml does not say which warehouse it is. */
  readonly knowsWarehouse: boolean;
}

export async function knowTables(binder: Binder, input: TablesInput): Promise<KnownTables> {
  const files: CheckedTableFile[] = [];
  for (const file of readTableFiles(input.project.root))
    files.push({ ...file, ddl: await columnsOfDdl(binder, file.text, file.table) });
  const known = new Map<string, KnownTable>(
    files.map(({ table, ddl }) => [
      tableKey(table),
      ddl.fault === undefined ? { columns: ddl.columns } : { unknown: { kind: 'elsewhere' } },
    ]),
  );
  const writers = new Set(
    input.drafts.flatMap(({ target }) => (target === undefined ? [] : [tableKey(target)])),
  );
  let asked: Promise<Answers> | undefined;
  const ask = (): Promise<Answers> => {
    asked ??= askWarehouse(input, (each) => known.has(tableKey(each)));
    return asked;
  };
  return {
    files,
    async columnsOf(table) {
      const key = tableKey(table);
      const found = known.get(key);
      if (found !== undefined) return found;
      const said = (await ask()).columnsOf(table);
      const isOfProject = writers.has(key) && said.unknown !== undefined;
      return isOfProject ? { unknown: { kind: 'elsewhere' } } : said;
    },
    async targetOf(table) {
      const isAtHand = input.knowsWarehouse && isOnThisMachine(input.project);
      return isAtHand || asked !== undefined ? (await ask()).targets.get(tableKey(table)) : undefined;
    },
    written(table, columns) {
      if (!known.has(tableKey(table))) known.set(tableKey(table), { columns });
    },
  };
}

/** What the warehouse answers. */
interface Answers {
  readonly columnsOf: (table: TableIdentifier) => KnownTable;
  /** By the keys of their tables. */
  readonly targets: ReadonlyMap<string, TableMetadata>;
}

/** Whether its tables can be looked at without anybody else: another one is asked only for sources. */
const isOnThisMachine = ({ catalog }: ProjectSpec): boolean =>
  catalog.kind === 'embedded' && !catalog.warehouse.includes('://');

/** Asks for all tables at once that may be needed, so that the warehouse is opened only once. */
async function askWarehouse(
  { project, drafts, knowsWarehouse }: TablesInput,
  isKnown: (table: TableIdentifier) => boolean,
): Promise<Answers> {
  const always = (unknown: UnknownTable): Answers => ({
    columnsOf: () => ({ unknown }),
    targets: new Map(),
  });
  if (!knowsWarehouse) return always({ kind: 'elsewhere' });
  const { hasWarehouse, tablesInWarehouse } = await import('../workspace/tables-in-warehouse.ts');
  if (!hasWarehouse(project)) return always({ kind: 'no-warehouse' });
  const sources = drafts.flatMap((draft) => draft.sources.map(({ table }) => table));
  try {
    const targets = drafts.flatMap(({ target }) => target ?? []);
    const found = await tablesInWarehouse(project, [
      ...sources.filter((table) => !isKnown(table)),
      ...targets,
    ]);
    const columnsOf = (table: TableIdentifier): KnownTable => {
      const metadata = found.get(tableKey(table));
      if (metadata === undefined) return { unknown: { kind: 'missing' } };
      const columns = duckdbColumns(currentSchema(metadata).fields);
      return columns === undefined ? { unknown: { kind: 'unreadable' } } : { columns };
    };
    return { columnsOf, targets: found };
  } catch (error) {
    if (!(error instanceof PsybergError)) throw error;
    return always({ kind: 'unreachable', message: error.message, hint: error.hint });
  }
}
