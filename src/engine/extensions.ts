/**
 * The DuckDB extensions that the engine needs: found, installed when missing, loaded. They must match
 * DuckDB's version exactly; a signed binary is taken from DuckDB's own server or, where that cannot be
 * reached, from its Python wheels.
 */
import type { DuckDBInstance } from '@duckdb/node-api';
import { PsybergError } from '../model/errors.ts';
import { extensionDirectory, installExtensions, missingExtensions } from '../setup/extensions.mjs';
import { quoteLiteral } from '../statements/index.ts';

/**
 * `iceberg` needs the other two, which do not need each other. Loaded side by side: 120 ms instead of 155 ms
 * (2026-11-22, 2 cores, median of 5).
 */
const FIRST = ['avro', 'httpfs'] as const;
const NAMES = [...FIRST, 'iceberg'] as const;

/**
 * Loads the extensions into a database; returns the versions. Throws `extension-missing` with what was tried
 * and the remedy.
 */
export async function loadExtensions(
  instance: DuckDBInstance,
  log: (message: string) => void = () => {},
): Promise<{ duckdb: string; extensions: Record<string, string> }> {
  const [one, two] = await Promise.all([instance.connect(), instance.connect()]);
  try {
    const reader = await one.runAndReadAll('select version() as version');
    const version = String(reader.getRows()[0]?.[0]).replace(/^v/, '');
    const directory = extensionDirectory();
    const absent = missingExtensions(directory, version);
    const { missing, tried } =
      absent.length === 0
        ? { missing: [], tried: [] }
        : await installExtensions({ directory, version, names: absent, log });
    if (missing.length > 0)
      throw extensionMissing(
        version,
        directory,
        `missing are ${missing.join(', ')}; tried: ${tried.join('; ')}`,
      );
    try {
      await one.run(`set global extension_directory = ${quoteLiteral(directory)}`);
      await Promise.all([one.run(`load ${FIRST[0]}`), two.run(`load ${FIRST[1]}`)]);
      await one.run('load iceberg');
      // Without it a table with a sort order takes no INSERT at all; files that name no order are in none
      // (Iceberg specification, "Sorting": an order is a wish).
      await one.run('set global unsafe_iceberg_ignore_sort_order = true');
    } catch (error) {
      throw extensionMissing(version, directory, (error as Error).message, error);
    }
    return { duckdb: version, extensions: Object.fromEntries(NAMES.map((name) => [name, version])) };
  } finally {
    one.closeSync();
    two.closeSync();
  }
}

function extensionMissing(version: string, directory: string, detail: string, cause?: unknown): PsybergError {
  return new PsybergError(
    'extension-missing',
    `DuckDB ${version} could not load its extensions ${NAMES.join(', ')} from ${directory}: ${detail}`,
    {
      hint: `let this machine reach DuckDB's extension server, or a Python package index by python3 with pip, and run the command again: it installs them; or copy the folder ${directory} from a machine that has them (PSYBERG_EXTENSION_DIRECTORY names another one)`,
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
