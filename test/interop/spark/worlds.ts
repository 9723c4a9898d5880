/** Worlds whose processes run on the Spark of the run. */
import {
  createWorld,
  type ProcessFile,
  processFile,
  type World,
  type WorldOptions,
} from '../../support/world.ts';
import { sharedSpark } from './shared.ts';

/** A world whose project names the Spark. `more`: other lines of psyberg.yaml. */
export async function sparkWorld(options: WorldOptions, more = ''): Promise<World> {
  const engines = `engines: { spark: { remote: "${await sharedSpark()}" } }`;
  const settings = `name: world\ncatalog: { warehouse: warehouse }\n${engines}\n${more}`;
  return createWorld({ ...options, files: { ...options.files, 'psyberg.yaml': settings } });
}

export interface Twin {
  readonly name: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly duckdb: string;
  /** Default: the same text. */
  readonly spark?: string;
}

/** The same process on both engines, with targets of their own: `facts.<name>_<engine>`. */
export const twins = ({ name, header, duckdb, spark = duckdb }: Twin): ProcessFile[] =>
  (['duckdb', 'spark'] as const).map((engine) =>
    processFile(
      {
        ...header,
        engine,
        process_name: `${name}_${engine}`,
        target: { ...(header['target'] as object), table: `facts.${name}_${engine}` },
      },
      engine === 'spark' ? spark : duckdb,
    ),
  );
