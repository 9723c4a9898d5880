/**
 * Whether DuckDB would skip files whose rows a user's statements ask for. The tables that it has asked the
 * catalog for + the text -> yes or no, yes in doubt. Whatever names a table, also a view or a function, has
 * DuckDB ask the catalog for it when the statement is bound.
 */
import { type Engine, forkWithMacros, type Parameters } from '../../engine/index.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { PsybergError } from '../../model/errors.ts';
import { type TableIdentifier, tableName } from '../../model/names.ts';
import { misleadsReaders } from '../../tables/views/misleads-readers.ts';
import type { RunPorts } from '../ports.ts';
import { comparedColumns } from './compared-columns.ts';
import { oneState } from './one-state.ts';
import { type UnreadableWatch, watchUnreadable } from './unreadable-tables.ts';

export interface MisledWatch extends Pick<UnreadableWatch, 'begin' | 'refusal'> {
  /** True where nobody can say what the statements read. */
  readonly readsAllFiles: boolean;
  /** Of the tables that were asked for since the watch began. */
  isMisled(): Promise<boolean>;
  /** Whether a statement failed since its tables moved while it was bound. */
  isMixed(): boolean;
  /** @param succeeded false when the statements failed, and a transaction of theirs with them. */
  close(succeeded: boolean): void;
}

interface Asked {
  readonly query: string;
  /** The text of each of its statements. */
  readonly statements: readonly string[];
  readonly parameters?: Parameters | undefined;
  /** Whether the tables of each statement are to be of one state of the catalog. */
  readonly ofOneState: boolean;
}

export function watchMisled(
  { catalog, views, engine }: Pick<RunPorts, 'catalog' | 'views'> & { readonly engine: Engine },
  { query, statements, parameters = {}, ofOneState }: Asked,
): MisledWatch {
  const memory = memoryOf(engine);
  if (DEFINING.test(query)) memory.definitions.add(query);
  const text = [...memory.definitions, query].join('\n');
  const values = Object.values(parameters).filter((value) => !(value instanceof Uint8Array));
  const readsAllFiles = memory.inTransaction || BEGINNING.test(query) || AT_SNAPSHOT.test(text);
  const question = {
    mayUse: comparedColumns(text),
    asksForInfinity: /infinity/i.test([text, ...values.map(String)].join(' ')),
  };
  const loaded = new Map<string, { readonly table: TableIdentifier; readonly metadata: TableMetadata }>();
  const known = new Map<string, boolean>();
  const reader = readerOver({ catalog, engine, memory });
  const unreadable = watchUnreadable(reader);
  // In a transaction each table is asked for once, with whatever statement names it first.
  const state =
    ofOneState && !memory.inTransaction && !BEGINNING.test(query) ? oneState({ catalog }) : undefined;
  const unwatch = views.watchLoads(async (table, metadata) => {
    await state?.onLoad(table, metadata);
    loaded.set([tableName(table), metadata['current-snapshot-id'], metadata['current-schema-id']].join(' '), {
      table,
      metadata,
    });
    await unreadable.onLoad(table, metadata);
    return unreadable.mayRead(table) ? undefined : 'unread';
  });
  return {
    begin(statement) {
      state?.begin();
      unreadable.begin(statement);
    },
    refusal: unreadable.refusal,
    isMixed: () => state?.isMixed() ?? false,
    readsAllFiles,
    async isMisled() {
      for (const [name, { table, metadata }] of loaded) {
        if (!known.has(name)) {
          const answer = misleadsReaders(() => reader(table), metadata, question).catch(inDoubt);
          known.set(name, await answer);
        }
        if (known.get(name) === true) return true;
      }
      return false;
    },
    close(succeeded) {
      unwatch();
      const last = statements.findLast((statement) => BOUNDARY.test(statement));
      if (!succeeded) memory.inTransaction = false;
      else if (last !== undefined) memory.inTransaction = BEGINNING.test(last);
    },
  };
}

/** The connection that reads the manifests of a table: that of the statements is taken while they run. */
const readerOver =
  ({
    catalog,
    engine,
    memory,
  }: Pick<RunPorts, 'catalog'> & { readonly engine: Engine; readonly memory: Memory }) =>
  async (table: TableIdentifier): Promise<Engine> => {
    // With its answer a foreign catalog hands out what the table's files are reached by.
    await catalog.loadTableToRead(table);
    memory.reader ??= forkWithMacros(engine).catch((error: unknown) => {
      delete memory.reader;
      throw error;
    });
    return memory.reader;
  };

/** What cannot be found out here, the statement itself may trip over, and says so better. */
function inDoubt(error: unknown): true {
  if (error instanceof PsybergError && error.code === 'interrupted') throw error;
  return true;
}

/** What statements leave on their connection for those after them. */
interface Memory {
  /** Texts in which columns may be named for later statements: of views, macros and prepared statements. */
  readonly definitions: Set<string>;
  /** Its tables are asked for once, and hold rows that no snapshot has. */
  inTransaction: boolean;
  /** Reads manifests meanwhile; closed with the database. */
  reader?: Promise<Engine>;
}

const memories = new WeakMap<Engine, Memory>();

function memoryOf(engine: Engine): Memory {
  const memory: Memory = memories.get(engine) ?? {
    definitions: new Set(engine.definitions),
    inTransaction: false,
  };
  memories.set(engine, memory);
  return memory;
}

const DEFINING = /\b(?:view|macro|function|prepare)\b/i;
const BEGINNING = /\b(?:begin|start\s+transaction)\b/i;
const BOUNDARY = /^(?:begin|start\s+transaction|commit|end|rollback|abort)\b/i;
/** `from t at (version => …)`: of another snapshot than the one that DuckDB is told of. */
const AT_SNAPSHOT = /\bat\s*\(/i;
