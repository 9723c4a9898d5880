/**
 * Tables that DuckDB 1.5.5 cannot read: an error of a look at one -> whether it is that. An internal error ends
 * its database; psyberg refuses what would end in one, or be read otherwise than Iceberg has it.
 */

/** There is nothing to compare with then. */
export class BeyondDuckdb extends Error {}

export function isBeyondDuckdb(error: unknown): error is Error {
  const { code, message = '' } = error as { readonly code?: string; readonly message?: string };
  return (
    code === 'engine-internal-error' ||
    message.includes('INTERNAL Error') ||
    (code === 'equality-deletes-unreadable' && message.includes('DuckDB cannot compare the partition'))
  );
}
