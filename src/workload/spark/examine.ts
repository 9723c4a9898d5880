/** What a Spark can do for this project. Options -> what it is, and what it reaches. Writes nothing. */
import { SESSION_CATALOG } from '../../model/engines.ts';
import { statement, tableFragment } from '../../statements/index.ts';
import type { ServedCatalog } from '../port.ts';
import type { SparkOptions } from './open-sessions.ts';
import { attachableSpark } from './session.ts';

export interface ExaminedSpark {
  readonly version: string;
  /** Of Apache Iceberg's runtime. */
  readonly iceberg: string;
  /** False for another pair of versions than the one that psyberg is tested with. */
  readonly isTested: boolean;
  /** How its sessions mean SQL, such as `in UTC, with ANSI mode`. */
  readonly means: string;
}

export const TESTED_PAIR = 'Spark 4.1 with Iceberg 1.12';

/**
 * Opens a session, and has Spark find the catalog and read the metadata of the table `sources.<name>`, where
 * one is named. Throws as a session does.
 */
export async function examineSession(
  options: SparkOptions,
  catalog: ServedCatalog,
  name: string | undefined,
): Promise<ExaminedSpark> {
  const spark = attachableSpark(options, { metadata: undefined });
  try {
    await spark.attach(catalog);
    if (name !== undefined) {
      const table = tableFragment(SESSION_CATALOG, { namespace: ['sources'], name });
      await spark.query({ sql: statement('spark/files_of_table', { table }).sql, parameters: {} });
    }
    const versions = statement('spark/versions', {
      function: tableFragment(SESSION_CATALOG, { namespace: ['system'], name: 'iceberg_version' }),
    });
    const [row] = await spark.query({ sql: versions.sql, parameters: {} });
    const [version, iceberg] = [row?.['spark'], row?.['iceberg']].map(
      (text) => String(text).split(' ')[0] as string,
    ) as [string, string];
    const means = `in ${row?.['time_zone']}, ${row?.['ansi'] === 'true' ? 'with' : 'without'} ANSI mode`;
    return { means, version, iceberg, isTested: /^4\.1\./.test(version) && /^1\.12\./.test(iceberg) };
  } finally {
    await spark.detach();
  }
}
