/**
 * Translates what DuckDB says when the catalog behind a statement fails. Error -> the one PsybergError for
 * it. DuckDB passes on little more than the status of an answer, and such a failure says nothing about the
 * statement.
 */
import { ERROR_CODES, type ErrorCode } from '../model/error-codes.ts';
import { PsybergError, refusal } from '../model/errors.ts';

/**
 * `catalog-unreachable` or `catalog-failed` when one of the attached catalogs answered with a server error,
 * what it says where it may not do it; else undefined. `catalogs`: their addresses.
 */
export function catalogFault(error: unknown, catalogs: ReadonlySet<string>): PsybergError | undefined {
  const refused = catalogRefusal(error, catalogs) ?? catalogDenial(error);
  if (refused !== undefined) return refused;
  const [, status = '', method = '', url = ''] =
    /Request returned HTTP (5\d\d) for HTTP (\w+) to '([^']+)'/.exec(
      error instanceof Error ? error.message : '',
    ) ?? [];
  if (![...catalogs].some((uri) => url.startsWith(`${uri}/`))) return undefined;
  const details = { context: { status: Number(status), method }, retryable: true, cause: error };
  if (status === '500')
    return new PsybergError('catalog-failed', 'the catalog failed while a statement ran (HTTP 500)', {
      ...details,
      hint: 'run the same command again; look into the log of the catalog',
    });
  return new PsybergError(
    'catalog-unreachable',
    `the catalog went away while a statement ran (HTTP ${status})`,
    {
      ...details,
      hint: 'check that the catalog that psyberg.yaml names is running, then run the same command again',
    },
  );
}

/**
 * A manifest that another client wrote under a name of letters that are not ASCII. Sources with such are read
 * (`tables/views/readable-names.ts`); what is written to carries its manifests on and so cannot be.
 */
export function avroNameFault(error: unknown): PsybergError | undefined {
  if (!(error instanceof Error) || !error.message.includes('Invalid Avro identifier')) return undefined;
  return refusal(
    'avro-name-unsupported',
    'a manifest of the table has a partition field whose name DuckDB does not take in Avro: another client wrote it',
    {
      hint: 'rewrite the table by that client under a partition field whose name is of ASCII letters, or let psyberg alone write it',
      cause: error,
    },
  );
}

/**
 * What keeps the catalog from its files, or a client from the catalog: the error that it was, whose code ends
 * the message (`catalog/protocol/error-body.ts`).
 */
function catalogDenial(error: unknown): PsybergError | undefined {
  const text = error instanceof Error ? error.message : '';
  if (!text.includes('Forbidden_403')) return undefined;
  const [, literal] = /"message":("(?:[^"\\]|\\.)*"),"type":"ForbiddenException"/.exec(text) ?? [];
  const [, quoted] = /Forbidden_403 with message "([\s\S]*)"$/.exec(text) ?? [];
  const told = literal === undefined ? (quoted ?? '') : String(JSON.parse(literal));
  const [, message = '', hint, code = ''] =
    /^([\s\S]*?)(?:; hint: ([\s\S]*))? \[([a-z-]+)\]$/.exec(told) ?? [];
  if (!Object.hasOwn(ERROR_CODES, code)) return undefined;
  const details = { ...(hint === undefined ? {} : { hint }), cause: error };
  return new PsybergError(code as ErrorCode, message, details);
}

/** What the catalog does not take of DuckDB (`catalog/views/duckdb-catalog.ts`), in its own words. */
function catalogRefusal(error: unknown, catalogs: ReadonlySet<string>): PsybergError | undefined {
  const text = error instanceof Error ? error.message : '';
  const [, url = ''] =
    /Request to '([^']+)' returned a non-200 status code \(BadRequest_400\)/.exec(text) ?? [];
  if (![...catalogs].some((uri) => url.startsWith(`${uri}/`))) return undefined;
  // DuckDB passes the answer on as lines, or as it came.
  const [, line] = /\n\s*message: ([^\n]*)\n\s*type: ValidationException/.exec(text) ?? [];
  const [, literal] = /"message":("(?:[^"\\]|\\.)*"),"type":"ValidationException"/.exec(text) ?? [];
  const message = line ?? (literal === undefined ? undefined : String(JSON.parse(literal)));
  if (message === undefined) return undefined;
  const [, upgrade] = /, by (alter table .*)$/.exec(message) ?? [];
  return refusal('catalog-refused', message, {
    hint:
      upgrade === undefined
        ? 'nothing was changed; do it in another way'
        : `run psyberg sql "${upgrade}", and then the same statement again; nothing was changed`,
    cause: error,
  });
}
