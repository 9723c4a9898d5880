/**
 * Saves and restores the pointers of a warehouse: a copy of it that costs a millisecond. Files of Iceberg
 * tables never change, so two plays may share a folder as long as each sees its own pointers. Metadata files
 * are saved as well: a table drops its oldest ones as it goes on.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

type PointerRow = Readonly<Record<string, string | null>>;

export interface Checkpoint {
  readonly tables: readonly PointerRow[];
  readonly namespaces: readonly PointerRow[];
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  /** The files of folders that have landed (`landed-files.ts`). */
  readonly landed: readonly string[];
}

/** The part that lies in the catalog. */
type Pointers = Omit<Checkpoint, 'landed'>;

export interface Checkpoints {
  save(): Pointers;
  restore(pointers: Pointers): void;
  close(): void;
}

/** Opens checkpoints over the embedded catalog of a folder, whose database must exist. */
export function openCheckpoints(warehouse: string): Checkpoints {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const database = new DatabaseSync(path.join(warehouse, 'catalog.db'), { timeout: 10_000 });
  database.exec('pragma synchronous = off');
  const read = Object.entries(TABLES).map(([table, { columns }]) =>
    database.prepare(`select ${columns.join(', ')} from ${table}`),
  );
  const insert = Object.entries(TABLES).map(([table, { columns }]) =>
    database.prepare(
      `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
    ),
  );
  // Metadata files never change, so each is read only once.
  const known = new Map<string, Uint8Array>();
  const bytesOf = (location: string): Uint8Array => {
    const bytes = known.get(location) ?? fs.readFileSync(pathOf(location));
    known.set(location, bytes);
    return bytes;
  };
  return {
    save() {
      const [tables, namespaces] = read.map((each) => each.all() as PointerRow[]) as [
        PointerRow[],
        PointerRow[],
      ];
      const files = tables.flatMap(({ metadata_location: location }) => location ?? []);
      return {
        tables,
        namespaces,
        metadata: new Map(files.map((file) => [file, bytesOf(file)])),
      };
    },
    restore({ tables, namespaces, metadata }) {
      // The beginning of another test.
      if (metadata.size === 0) known.clear();
      for (const [location, bytes] of metadata) {
        if (!fs.existsSync(pathOf(location))) fs.writeFileSync(pathOf(location), bytes);
      }
      database.exec('begin immediate');
      for (const [index, table] of Object.keys(TABLES).entries()) {
        database.exec(`delete from ${table}`);
        const { columns } = Object.values(TABLES)[index] as (typeof TABLES)['iceberg_tables'];
        for (const row of [tables, namespaces][index] as readonly PointerRow[])
          insert[index]?.run(...columns.map((column) => row[column] ?? null));
      }
      database.exec('commit');
    },
    close: () => database.close(),
  };
}

const pathOf = (location: string): string => location.replace(/^file:(\/\/)?/, '');

/** Tables of Iceberg's JDBC catalog (`catalog/store/jdbc-schema.ts`). */
const TABLES = {
  iceberg_tables: {
    columns: [
      'catalog_name',
      'table_namespace',
      'table_name',
      'metadata_location',
      'previous_metadata_location',
      'iceberg_type',
    ],
  },
  iceberg_namespace_properties: {
    columns: ['catalog_name', 'namespace', 'property_key', 'property_value'],
  },
} as const satisfies Readonly<Record<string, { readonly columns: readonly string[] }>>;
