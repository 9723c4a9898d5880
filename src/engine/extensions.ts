/**
 * The DuckDB extensions that the engine needs: found, installed when missing, loaded. They must match
 * DuckDB's version exactly; a signed binary is taken from DuckDB's own server or, where that cannot be
 * reached, from its Python wheels.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { PsybergError } from '../model/errors.ts';
import {
  EXTENSION_DIGESTS,
  extensionDirectory,
  extensionFile,
  installExtensions,
  missingExtensions,
  platformName,
} from '../setup/extensions.mjs';
import { quoteLiteral } from '../statements/index.ts';
import { areExpected } from './known-files.ts';

/** In this order: `iceberg` needs the other two. */
const NAMES = ['avro', 'httpfs', 'iceberg'] as const;

export interface Extensions {
  /** DuckDB's, without `v`. */
  readonly version: string;
  readonly directory: string;
  /** Their files in the order of loading. */
  readonly files: readonly string[];
  /**
   * True where every file is one whose signature was checked before: it need not be checked again. The
   * database must then be opened with {@link UNCHECKED}.
   */
  readonly areKnown: boolean;
}

/**
 * Settings of a database that loads known files without checking their signature, which takes 250 ms of CPU
 * time. {@link loadExtensions} ends that before anybody else has a statement: DuckDB forbids to turn it on
 * again. Nor does it load anything on its own meanwhile.
 */
export const UNCHECKED: Readonly<Record<string, string>> = {
  allow_unsigned_extensions: 'true',
  autoload_known_extensions: 'false',
  autoinstall_known_extensions: 'false',
};
const CHECKED_FROM_NOW_ON = [
  'set global allow_unsigned_extensions = false',
  'reset global autoload_known_extensions',
  'reset global autoinstall_known_extensions',
];

/**
 * Finds them, and installs what is missing. Throws `extension-missing` with what was tried and the remedy.
 */
export async function findExtensions(
  version: string,
  log: (message: string) => void = () => {},
): Promise<Extensions> {
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
  const digests = EXTENSION_DIGESTS[`${version}/${platformName()}`] ?? {};
  const expected = NAMES.map((name) => ({
    path: extensionFile(directory, version, name),
    sha256: digests[name] ?? '',
  }));
  return { version, directory, files: expected.map(({ path }) => path), areKnown: areExpected(expected) };
}

/** Loads them into the connection's database. Throws `extension-missing` with the remedy. */
export async function loadExtensions(
  connection: DuckDBConnection,
  { version, directory, files, areKnown }: Extensions,
): Promise<void> {
  try {
    // All at once: each call wakes a thread. They run one after the other, up to the first that fails.
    await connection.run(
      [
        ...files.map((file) => `load ${quoteLiteral(file)}`),
        ...(areKnown ? CHECKED_FROM_NOW_ON : []),
        `set global extension_directory = ${quoteLiteral(directory)}`,
        // Without it a table with a sort order takes no INSERT at all; files that name no order are in none
        // (Iceberg specification, "Sorting": an order is a wish).
        'set global unsafe_iceberg_ignore_sort_order = true',
      ].join(';\n'),
    );
  } catch (error) {
    throw extensionMissing(version, directory, (error as Error).message, error);
  }
}

/** The version of each, as `psyberg doctor` shows it. */
export const extensionVersions = ({ version }: Extensions): Record<string, string> =>
  Object.fromEntries(NAMES.map((name) => [name, version]));

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
