/** The default store: kysely over an open SQLite database. */
import type { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import type { JdbcTables } from './jdbc-schema.ts';
import { kyselyStore } from './kysely-store.ts';
import { nodeSqliteDialect } from './sqlite-dialect.ts';
import type { CatalogStore } from './store.ts';

/** Takes over an open database; closing the store closes it. */
export const sqliteStore = (database: DatabaseSync, catalogName: string): CatalogStore =>
  kyselyStore(new Kysely<JdbcTables>({ dialect: nodeSqliteDialect(database) }), catalogName);
