/** The extensions that the engine loads. */
export const EXTENSION_NAMES: readonly string[];
/** SHA-256 (hex) of known files, by `<version>/<platform>` and the extension's name. */
export const EXTENSION_DIGESTS: Readonly<Record<string, Readonly<Record<string, string>>>>;
/**
 * DuckDB's `extension_directory`: `PSYBERG_EXTENSION_DIRECTORY`, else DuckDB's default below the home folder.
 */
export function extensionDirectory(): string;
/** The platform as DuckDB names it, for example `linux_amd64`. */
export function platformName(): string;
/** Where an extension's file lies: `<directory>/v<version>/<platform>/<name>.duckdb_extension`. */
export function extensionFile(directory: string, version: string, name: string): string;
/** The names whose file is not there. `version` without `v`, for example `1.5.5`. */
export function missingExtensions(directory: string, version: string, names?: readonly string[]): string[];
/** DuckDB's version, from the installed package below `packageRoot`. Throws when it is not installed. */
export function duckdbVersion(packageRoot: string): string;

export interface ExtensionInstallation {
  /** Names that were missing and are there now. */
  readonly installed: readonly string[];
  /** Names that are still missing. */
  readonly missing: readonly string[];
  /** For each way that failed: what was tried and why it failed. */
  readonly tried: readonly string[];
}
/**
 * Gets what is missing: by DuckDB's own `INSTALL`, else the same signed files from the Python wheels. Does
 * not throw; look at `missing`.
 */
export function installExtensions(options: {
  readonly directory: string;
  readonly version: string;
  readonly names?: readonly string[];
  readonly log?: (line: string) => void;
}): Promise<ExtensionInstallation>;
