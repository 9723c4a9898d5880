/** Reads Avro files of different writers in one statement. */
import { PsybergError } from '../model/errors.ts';

/**
 * Writers differ in the type of a partition value (PyIceberg and Spark store a day as a date, DuckDB as an
 * int), and DuckDB reads several Avro files with the types and columns of the first: files of different
 * writers are then taken one by one. `work` may be called again for each path alone.
 */
export async function togetherOrSingly<T>(
  paths: readonly string[],
  work: (paths: readonly string[]) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  try {
    return await work(paths);
  } catch (error) {
    if (
      paths.length === 1 ||
      !(error instanceof PsybergError) ||
      !/Unimplemented type for cast|Conversion Error|schema mismatch in glob/.test(error.message)
    )
      throw error;
    const results: T[] = [];
    for (const path of paths) results.push(...(await work([path])));
    return results;
  }
}
