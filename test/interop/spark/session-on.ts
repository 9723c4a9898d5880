/** A session of the shared Spark over the catalog of a world, as `lake`. World -> session, to be closed. */
import { openSparkSession, type SparkSession } from '../../../src/workload/spark/connect/client.ts';
import { parseRemote } from '../../../src/workload/spark/connect/remote.ts';
import { CATALOG_NAME } from '../../../src/workspace/project-catalog.ts';
import type { World } from '../../support/world.ts';
import { sharedSpark } from './shared.ts';

/** The world is not opened again meanwhile. `settings`: more of Spark's own. */
export async function sparkSessionOn(
  world: World,
  settings: Readonly<Record<string, string>> = {},
): Promise<SparkSession> {
  const session = openSparkSession({ remote: parseRemote(await sharedSpark()) });
  const { uri, token } = world.psyberg.internals.catalog;
  await session.configure({
    'spark.sql.session.timeZone': 'UTC',
    'spark.sql.catalog.lake': 'org.apache.iceberg.spark.SparkCatalog',
    'spark.sql.catalog.lake.type': 'rest',
    'spark.sql.catalog.lake.uri': uri,
    'spark.sql.catalog.lake.warehouse': CATALOG_NAME,
    'spark.sql.catalog.lake.token': token,
    'spark.sql.catalog.lake.cache-enabled': 'false',
    ...settings,
  });
  return session;
}
