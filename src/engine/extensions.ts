/**
 * The DuckDB extensions that the engine needs: found, installed when missing, loaded.
 * They must match DuckDB's version exactly; a signed binary is taken from DuckDB's own server or, where that cannot be reached, from its Python wheels.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { PsybergError } from '../model/errors.ts';
import { extensionDirectory, installExtensions, missingExtensions } from '../setup/extensions.mjs';

/** In the order in which they are loaded: `iceberg` needs the other two. */
const NAMES = ['avro', 'httpfs', 'iceberg'] as const;

/** Loads the extensions into the connection's database; returns the versions. Throws `extension-missing`. */
export async function loadExtensions(
  connection: DuckDBConnection,
  log: (message: string) => void = () => {},
): Promise<{ duckdb: string; extensions: Record<string, string> }> {
  const reader = await connection.runAndReadAll('select version() as version');
  const version = String(reader.getRows()[0]?.[0]).replace(/^v/, '');
  const directory = extensionDirectory();
  const missing = missingExtensions(directory, version);
  try {
    if (missing.length > 0) await installExtensions({ directory, version, names: missing, log });
    await connection.run(`set extension_directory = '${directory.replaceAll("'", "''")}'`);
    for (const name of NAMES) await connection.run(`load ${name}`);
  } catch (error) {
    throw new PsybergError('extension-missing', `DuckDB ${version} could not load its extensions ${NAMES.join(', ')} from ${directory}: ${error instanceof Error ? error.message : error}`, {
      hint: 'run "npm run setup" in the clone, or set PSYBERG_EXTENSION_DIRECTORY to a folder that holds them',
      cause: error,
    });
  }
  return { duckdb: version, extensions: Object.fromEntries(NAMES.map((name) => [name, version])) };
}
