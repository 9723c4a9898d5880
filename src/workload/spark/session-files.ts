/**
 * The tables of a session as files, for a Spark that calls nothing of psyberg: each is a folder with metadata
 * files `v1.metadata.json`, `v2…`, as Apache Iceberg's catalog of a Hadoop file system reads and writes them.
 * What this process's own catalog shows -> files; what Spark commits there -> `Collected`.
 *
 * Nothing in such a folder is a file of the real table: Spark's commits are new versions beside the one that
 * was put there, and no version before that is known to it.
 */
import { randomUUID } from 'node:crypto';
import type { Collected } from '../../catalog/index.ts';
import { canList, filesBeginning } from '../../files/list.ts';
import { makeLocalFolder } from '../../files/local.ts';
import { readWhole, writeAnew } from '../../files/whole.ts';
import { parseJson } from '../../iceberg/json.ts';
import {
  completeTableMetadata,
  parseTableMetadata,
  renderTableMetadata,
} from '../../iceberg/read-metadata.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { SESSION_CATALOG } from '../../model/engines.ts';
import { PsybergError, usageError } from '../../model/errors.ts';
import { oneAfterTheOther } from '../../model/in-turn.ts';
import { plainPath } from '../../model/plain-path.ts';
import { sqlTokens } from '../../model/sql-tokens.ts';
import type { ServedCatalog } from '../port.ts';

export interface SessionFiles {
  /** The folder of all of them. */
  readonly folder: string;
  /** Puts the tables there that a statement names, as they are shown now. */
  bring(sql: string): Promise<void>;
  /** Takes note of what a statement has committed. */
  take(): Promise<void>;
}

export interface SessionFilesOptions {
  readonly served: ServedCatalog;
  /** Where a folder for them is made. */
  readonly folder: string;
  readonly collected: Collected;
}

/** Names of a project's tables and aliases hold letters, digits and _ alone: each can be that of a folder. */
interface NamedTable {
  readonly namespace: string;
  readonly name: string;
}

/** Into this one Spark writes. */
const COLLECTED = 'collected';

/** Throws `engine-cannot` where this process does not get to the folder itself. */
export function sessionFiles({ served, folder: parent, collected }: SessionFilesOptions): SessionFiles {
  // One for each: another one of the same session would find versions that it has not put there.
  const folder = `${parent}/spark-${randomUUID()}`;
  if (!canList(plainPath(folder)))
    throw usageError('engine-cannot', `psyberg has no keys to put files for Spark into ${folder}`, {
      hint: 'set catalog.storage in psyberg.yaml, or leave engines.spark.catalog out: Spark then asks the catalog of psyberg',
    });
  const versions = new Map<string, { readonly version: number; readonly text: string }>();
  let taken: NamedTable | undefined;
  const place = ({ namespace, name }: NamedTable): string => `${folder}/${namespace}/${name}/metadata`;

  const bringOne = async (table: NamedTable): Promise<void> => {
    const key = `${table.namespace}.${table.name}`;
    const before = versions.get(key);
    if (table.namespace === COLLECTED) {
      taken = table;
      if (before !== undefined) return;
    }
    const metadata = await shown(served, table);
    if (metadata === undefined) return;
    const text = renderTableMetadata(asFolder(metadata));
    if (text === before?.text) return;
    const version = (before?.version ?? 0) + 1;
    makeLocalFolder(place(table));
    await writeAnew(plainPath(`${place(table)}/v${version}.metadata.json`), Buffer.from(text));
    versions.set(key, { version, text });
  };
  // Statements that run side by side name the same tables.
  const inTurn = oneAfterTheOther();
  return {
    folder,
    bring: inTurn(async (sql: string) => {
      for (const table of sessionTablesIn(sql)) await bringOne(table);
    }),
    async take() {
      if (taken === undefined) return;
      const newest = await newestVersion(plainPath(place(taken)));
      if (newest !== undefined && newest.version > 1)
        collected.metadata = parseTableMetadata((await readWhole(newest.path)).toString());
    },
  };
}

/**
 * A table that is committed to in that folder alone. With the log of the real one Spark would delete what it
 * counts as old versions, and a metadata folder of its own is not for tables of a file system. Compressed
 * metadata would have names of another kind, `v2.gz.metadata.json`, and its commits would not be found.
 */
function asFolder(metadata: TableMetadata): TableMetadata {
  const { 'write.metadata.path': _elsewhere, ...properties } = metadata.properties ?? {};
  return {
    ...metadata,
    'metadata-log': [],
    properties: { ...properties, ...PLAIN_VERSIONS },
  };
}

const PLAIN_VERSIONS = {
  'write.metadata.compression-codec': 'none',
  'write.metadata.delete-after-commit.enabled': 'false',
};

async function newestVersion(
  folder: string,
): Promise<{ readonly path: string; readonly version: number } | undefined> {
  return (await filesBeginning(folder, 'v'))
    .flatMap(({ path }) => {
      const version = /\/v(\d+)\.metadata\.json$/.exec(path.replaceAll('\\', '/'))?.[1];
      return version === undefined ? [] : [{ path, version: Number(version) }];
    })
    .toSorted((one, other) => other.version - one.version)[0];
}

/** As this process's own catalog shows it; undefined for one that it does not show. */
async function shown(
  { uri, warehouse, token }: ServedCatalog,
  { namespace, name }: NamedTable,
): Promise<TableMetadata | undefined> {
  const path = [warehouse, 'namespaces', namespace, 'tables', name].map(encodeURIComponent).join('/');
  const reply = await fetch(`${uri}/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
  if (reply.status === 404) return undefined;
  const text = await reply.text();
  if (reply.status !== 200)
    throw new PsybergError('internal-bug', `the catalog of the session answered ${reply.status}: ${text}`, {
      hint: 'report this with the plan that you ran',
    });
  return completeTableMetadata(parseJson<{ readonly metadata: TableMetadata }>(text).metadata);
}

/** The tables of the session in a statement: `psyberg_session.sources.e`, each part quoted or not. */
export function sessionTablesIn(sql: string): NamedTable[] {
  const tokens = sqlTokens(sql, 'spark').filter(({ kind }) => kind !== 'comment');
  const text = (at: number): string => {
    const token = tokens[at];
    return token === undefined ? '' : sql.slice(token.first, token.end);
  };
  const found = new Map<string, NamedTable>();
  tokens.forEach((_token, at) => {
    if (unquoted(text(at)) !== SESSION_CATALOG || text(at + 1) !== '.' || text(at + 3) !== '.') return;
    const table = { namespace: unquoted(text(at + 2)), name: unquoted(text(at + 4)) };
    found.set(`${table.namespace}.${table.name}`, table);
  });
  return [...found.values()];
}

function unquoted(text: string): string {
  const quote = text.slice(0, 1);
  if (quote !== '`' && quote !== '"') return text;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}
