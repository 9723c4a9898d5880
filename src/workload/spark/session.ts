/**
 * A session of psyberg on Spark: one session of Spark Connect, in which the session's catalog is attached.
 * Spark keeps the settings of a catalog from its first use on, so each attach opens another one.
 */
import type { Collected } from '../../catalog/index.ts';
import { SESSION_CATALOG } from '../../compile/index.ts';
import type { BoundStatement } from '../../engine/index.ts';
import type { SparkSpec } from '../../model/engines.ts';
import { PsybergError, usageError } from '../../model/errors.ts';
import { settled } from '../asked-ahead.ts';
import type { ServedCatalog } from '../port.ts';
import type { SparkColumn, SparkSession } from './connect/client.ts';
import { sparkStatement } from './literals.ts';
import { openSessions, type SparkOptions } from './open-sessions.ts';
import { type SessionFiles, sessionFiles } from './session-files.ts';
import { advertisedUri, catalogPrefix, fileSettings, sessionSettings, type TablesAt } from './settings.ts';
import { stoppable } from './stoppable.ts';

export interface AttachedSpark {
  attach(catalog: ServedCatalog): Promise<void>;
  detach(): Promise<void>;
  columns(statement: BoundStatement): Promise<SparkColumn[]>;
  explain(statement: BoundStatement): Promise<string>;
  query(statement: BoundStatement): Promise<Record<string, unknown>[]>;
  execute(statement: BoundStatement): Promise<void>;
  /** Stops what runs, and what would follow. */
  interrupt(): void;
  /** Takes statements again after an interrupt. */
  resume(): void;
  /** Of the open one. */
  id(): string | undefined;
  /**
   * Stops what a session still does, so that it writes no file any more: one of a process that died, or one
   * of this process whose statement did not end by Spark's own word. False where that Spark did not say so.
   */
  end(id: string): Promise<boolean>;
}

/** Versions that Iceberg has a runtime for, or that were tried. */
const SUPPORTED = /^(?:3\.5|4\.0|4\.1)\./;

interface Attached {
  readonly session: SparkSession;
  /** Where Spark finds the session's tables, and where psyberg itself has them, for messages. */
  readonly place: string;
  readonly files: SessionFiles | undefined;
}

/** `collected`: takes what is committed where the session's tables are files. */
export function attachableSpark(options: SparkOptions, collected: Collected): AttachedSpark {
  let attached: Attached | undefined;
  const sessions = openSessions(options);
  const statements = stoppable(sessions.interrupt);
  const asked = async <Answer>(
    statement: BoundStatement,
    ask: (session: SparkSession, statement: ReturnType<typeof sparkStatement>) => Promise<Answer>,
  ): Promise<Answer> => {
    const open = attached ?? noSession();
    const translated = sparkStatement(statement);
    return statements.run(async () => {
      await open.files?.bring(translated.sql);
      try {
        return await ask(open.session, translated);
      } catch (error) {
        throw inItsWords(error, translated.sql, open);
      }
    });
  };
  const detach = async (): Promise<void> => {
    const open = attached;
    attached = undefined;
    if (open !== undefined) await sessions.close(open.session);
  };
  return {
    async attach(catalog) {
      await detach();
      const session = sessions.open();
      attached = { session, place: placeOf(options.spark, catalog), files: undefined };
      await statements.run(async () => {
        const files = await filesFor(options, catalog, collected);
        if (files !== undefined) attached = { session, place: files.folder, files };
        await configure(options, session, catalog, files);
      });
    },
    detach,
    columns: (statement) => asked(statement, (session, sql) => session.columns(sql)),
    explain: (statement) => asked(statement, (session, sql) => session.explain(sql)),
    query: (statement) => asked(statement, (session, sql) => session.query(sql)),
    async execute(statement) {
      await asked(statement, (session, sql) => session.execute(sql));
      await attached?.files?.take();
    },
    interrupt: statements.stop,
    resume: statements.resume,
    id: () => attached?.session.id,
    end: sessions.end,
  };
}

/** Throws what {@link tablesAt} does, and `spark-unsupported`. */
async function configure(
  options: SparkOptions,
  session: SparkSession,
  catalog: ServedCatalog,
  files: SessionFiles | undefined,
): Promise<void> {
  // Side by side: one that is refused is closed, whatever its settings.
  const configured = settled(
    tablesAt(options, session, catalog, files).then((at) =>
      session.configure(sessionSettings(options.spark, at, catalog.rows)),
    ),
  );
  refuseVersion(await session.version());
  await configured();
}

function noSession(): never {
  throw new PsybergError('internal-bug', 'no session of Spark is open', {
    hint: 'report this with the plan that you ran',
  });
}

/** Where Spark is to find the catalog; both addresses where it listens at another one. */
function placeOf(spark: SparkSpec | undefined, { uri }: ServedCatalog): string {
  const advertised = advertisedUri(spark, uri);
  return advertised === uri ? uri : `${advertised} (which listens at ${uri})`;
}

async function filesFor(
  { spark }: SparkOptions,
  served: ServedCatalog,
  collected: Collected,
): Promise<SessionFiles | undefined> {
  if (spark?.catalog === undefined || served.viewsFolder === undefined) return undefined;
  return sessionFiles({ served, folder: await served.viewsFolder(), collected });
}

/** Throws `spark-catalog-unknown`. */
async function tablesAt(
  { spark }: SparkOptions,
  session: SparkSession,
  catalog: ServedCatalog,
  files: SessionFiles | undefined,
): Promise<TablesAt> {
  if (files === undefined) return { kind: 'served', catalog };
  const name = spark?.catalog ?? '';
  const all = await session.settings(catalogPrefix(name));
  const isThere = Object.keys(all).some((rest) => rest === '' || rest.startsWith('.'));
  if (!isThere && name !== 'spark_catalog')
    throw usageError('spark-catalog-unknown', `Spark has no catalog named ${name}`, {
      hint: `set ${catalogPrefix(name)} where Spark is started, or name another one in engines.spark.catalog; spark_catalog is always there`,
      context: { catalog: name },
    });
  const given = Object.entries(all).flatMap(([rest, value]) =>
    rest.startsWith('.') ? [[rest.slice(1), value] as const] : [],
  );
  return { kind: 'folder', folder: files.folder, files: fileSettings(Object.fromEntries(given)) };
}

function refuseVersion(version: string): void {
  if (SUPPORTED.test(version)) return;
  throw usageError('spark-unsupported', `Spark is of version ${version}, expected 3.5, 4.0 or 4.1`, {
    hint: "run a Spark that Apache Iceberg has a runtime for: 4.1 with Iceberg 1.12 is the pair that is tested; with 4.2 Iceberg's runtime fails at the first use of a catalog",
    context: { version },
  });
}

/** The statement for who maps places; and what Spark does not reach, where it is. */
function inItsWords(error: unknown, sql: string, { session, place, files }: Attached): unknown {
  if (!(error instanceof PsybergError)) return error;
  const said = error.message;
  const more = { context: { place }, cause: error };
  if (files === undefined && CATALOG_AWAY.test(said))
    return usageError(
      'spark-catalog-unreachable',
      `Spark at ${session.server} does not reach the catalog of the session at ${place}: ${said}`,
      {
        hint: 'let it listen where the driver of Spark gets to: engines.spark.catalog_host, and catalog_uri for the address under which it is seen; or name a catalog of its own: engines.spark.catalog; nothing was published',
        ...more,
      },
    );
  if (FILES_AWAY.test(said) || (files !== undefined && TABLE_AWAY.test(said)))
    return usageError('spark-files-unreachable', `Spark does not reach the files of the session: ${said}`, {
      hint: 'driver and executors need the place of the tables as psyberg names it, with keys of their own or those of the catalog; nothing was published',
      ...more,
    });
  if (error.code !== 'sql-failed') return error;
  return new PsybergError(error.code, error.message, {
    context: { ...error.context, sql },
    kind: error.kind,
    cause: error,
  });
}

const CATALOG_AWAY =
  /Error occurred while processing (?:GET|POST) request|RESTException|UnknownHostException/;
const FILES_AWAY =
  /No FileSystem for scheme|S3Exception|AccessDenied|\bFile (?:file:)?\S+ does not exist|Failed to open input stream/;
const TABLE_AWAY = new RegExp(`^\\[TABLE_OR_VIEW_NOT_FOUND\\][^\`]*\`${SESSION_CATALOG}\`\\.`);
