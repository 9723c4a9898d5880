/**
 * Manifests, manifest lists and files of the engine's own tables in an object store that this machine has the
 * bytes of: statements read the copies. A statement over files of a store -> the same over files of this
 * machine. What is there never changes under its name, and a session asks for the same few files again and
 * again: those that it wrote a moment ago, those of the session before. DuckDB 1.5.5 keeps nothing of a file
 * that it fetched whole. Of a session of 100 rows in front of a store copies take away 14 of 41 requests
 * (stateless), 29 of 106 (stateful), 15 of 86 (a dimension; 2026-11-29).
 *
 * A copy lies under a folder of this process by its whole location, so that what DuckDB reports as its name
 * ends with that (`sql/macros/as_stored.sql`). What was written is kept beside the project as well, with a
 * checksum, for the processes after this one.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBListValue, type DuckDBValue } from '@duckdb/node-api';
import { removeIfThere } from '../disk/write-at-once.ts';
import { DAY_MS } from '../model/hour.ts';
import { isRunning } from '../model/is-running.ts';
import type { Runnable } from './bind.ts';
import { keptFiles, NOTHING_KEPT } from './kept-files.ts';

export interface AvroCopies {
  /** The statement to run, and what to do after it. */
  readonly redirect: (statement: Runnable) => Redirected;
  /** Removes the copies that only this process uses. */
  readonly close: () => void;
}
export interface Redirected {
  readonly statement: Runnable;
  /** As it was asked, where it is another one: run, and nothing after it, where copies are at fault. */
  readonly instead?: Runnable;
  /** `rows`: of the statement, all of them. */
  readonly finish: (connection: DuckDBConnection, rows: () => readonly DuckDBValue[][]) => Promise<void>;
}

/** Manifests and lists, and files of the engine's own tables: of others data lie a folder deeper. */
const IN_STORE = /^[a-z0-9]+:\/\/[^*?[\]'\\]+(?:\.avro|\/data\/psyberg_[^/*?[\]'\\]+\.parquet)$/;
/** To a store `a//b` and `a/../b` are names like others; on this machine they are those of other files. */
const OF_ANOTHER = /:\/\/(?:.*\/)?\.{0,2}\//;
const isInStore = (value: unknown): value is string =>
  typeof value === 'string' && IN_STORE.test(value) && !OF_ANOTHER.test(value) && !value.startsWith('file:');

/** Of data files only those of state tables: others are joined by their names, which a copy has not. */
const READER =
  /\b(read_avro|read_manifests|manifest_list|hours_of_files|read_blob|read_parquet(?=\(\$state_files\b))/;
const READS = new RegExp(`${READER.source}${/\((\[?)(?:\$(\w+)|'([^']+)')/.source}`, 'g');
/** Files that are asked for where they are: whether they are still there, for one. */
const AS_STORED = 'stored';
const WRITES_ONE = /\bto \$destination \((?:\s*format avro\b|format parquet, field_ids )/;
const WRITES_BYTES = /unhex\(\$content\)[^$]*\bto \$destination \(format blob\)/;
const READS_BYTES = /^\s*select hex\(content\) as content\s+from read_blob\(\$path\)/;
const UPLOAD = 'copy (select content from read_blob($here)) to $destination (format blob)';

/** Part of the path of every copy; `as_stored` cuts a path off behind it. */
const MARK = 'psyberg-here';
/** What `as_stored` finds, and what is no pattern to DuckDB. */
const FOLDER = /^\/[^*?[\]'\\]*$/;

/** `kept`: absolute path of the folder of copies for later processes; undefined if there is none. */
export function avroCopies(kept: string | undefined): AvroCopies {
  const folder = resolve(tmpdir(), `psyberg-${process.pid}-${randomUUID()}`);
  if (!FOLDER.test(folder)) return NO_COPIES;
  const { store, has, pathOf, put, putContent, uploaded, copyOf, close } = copiesIn(folder, kept);
  return {
    redirect(asked) {
      const statement = readingCopies(asked, copyOf);
      const instead = statement === asked ? {} : { instead: asked };
      const destination = asked.values['destination'];
      if (isInStore(destination) && WRITES_ONE.test(asked.sql) && put(destination, () => undefined)) {
        return {
          instead: asked,
          statement: { ...statement, values: { ...statement.values, destination: pathOf(destination) } },
          async finish(connection) {
            await runWith(connection, UPLOAD, { here: pathOf(destination), destination });
            uploaded(destination);
            store.keep(destination, () => readFileSync(pathOf(destination)));
          },
        };
      }
      if (isInStore(destination) && WRITES_BYTES.test(asked.sql))
        return {
          statement,
          async finish() {
            const content = Buffer.from(String(asked.values['content']), 'hex');
            putContent(destination, content);
            store.keep(destination, () => content);
          },
        };
      const path = asked.values['path'];
      if (isInStore(path) && !has(path) && READS_BYTES.test(asked.sql))
        return {
          statement,
          async finish(_connection, rows) {
            const content = rows()[0]?.[0];
            if (typeof content === 'string') putContent(path, Buffer.from(content, 'hex'));
          },
        };
      return { statement, ...instead, finish: async () => undefined };
    },
    close,
  };
}

/** The copies of a process. */
function copiesIn(folder: string, kept: string | undefined) {
  const store = kept === undefined ? NOTHING_KEPT : keptFiles(kept);
  const here = new Set<string>();
  let isClosed = false;
  const pathOf = (location: string): string => `${folder}/${MARK}/${location}`;
  /** False if it cannot be written (the disk is full, or the copies are closed): then the store is asked. */
  const put = (location: string, write: (path: string) => void): boolean => {
    here.delete(location);
    if (isClosed) return false;
    const path = pathOf(location);
    try {
      if (!existsSync(folder)) removeDead(dirname(folder));
      mkdirSync(dirname(path), { recursive: true });
      write(path);
      return true;
    } catch {
      return false;
    }
  };
  const putContent = (location: string, content: Buffer): boolean => {
    const isPut = put(location, (path) => writeFileSync(path, content));
    if (isPut) here.add(location);
    return isPut;
  };
  const copyOf = (location: string): string => {
    if (!isInStore(location)) return location;
    // Something that cleans up temporary folders may have removed it.
    if (!here.has(location) || !existsSync(pathOf(location))) {
      const content = store.read(location);
      if (content === undefined || !putContent(location, content)) return location;
    }
    return pathOf(location);
  };
  return {
    store,
    pathOf,
    put,
    putContent,
    copyOf,
    has: (location: string): boolean => here.has(location),
    uploaded: (location: string): void => void here.add(location),
    close() {
      isClosed = true;
      removeIfThere(folder);
    },
  };
}

/** A folder that is older belongs to a process that was killed. */
const DEAD_AFTER_MS = DAY_MS;

/**
 * Removes what killed processes left. One in another container only looks dead from here; should it live for
 * longer than a day, the store is asked for what it misses.
 */
function removeDead(parent: string): void {
  for (const name of namesIn(parent)) {
    const [, pid] = /^psyberg-(\d+)-[0-9a-f-]{36}$/.exec(name) ?? [];
    const path = join(parent, name);
    if (pid === undefined || isRunning(Number(pid))) continue;
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
    if (mtimeMs !== undefined && Date.now() - mtimeMs > DEAD_AFTER_MS) removeIfThere(path);
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Who may write there need not be allowed to look.
    return [];
  }
}

const NO_COPIES: AvroCopies = {
  redirect: (statement) => ({ statement, finish: async () => undefined }),
  close: () => undefined,
};

/** True for an error message that comes from the files of this machine. */
export const isOfCopies = (message: string): boolean =>
  message.startsWith('IO Error') && message.includes(MARK);

async function runWith(
  connection: DuckDBConnection,
  sql: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const prepared = await connection.prepare(sql);
  try {
    prepared.bind(values);
    await prepared.run();
  } finally {
    prepared.destroySync();
  }
}

/** Only where a path is read: elsewhere in a statement the same value says what a file is called. */
function readingCopies(statement: Runnable, copyOf: (location: string) => string): Runnable {
  const values = { ...statement.values };
  const types = { ...statement.types };
  const sql = statement.sql.replaceAll(
    READS,
    (whole, reader: string, bracket: string, name: string | undefined, literal: string | undefined) => {
      if (name === AS_STORED) return whole;
      if (literal !== undefined) return `${reader}(${bracket}'${copyOf(literal)}'`;
      const value = values[name as string];
      const copied = copiesOf(value, copyOf);
      if (copied === value) return whole;
      const renamed = `${name}_here`;
      values[renamed] = copied as DuckDBValue;
      const type = types[name as string];
      if (type !== undefined) types[renamed] = type;
      return `${reader}(${bracket}$${renamed}`;
    },
  );
  if (sql === statement.sql) return statement;
  // DuckDB refuses a value that no place of the statement asks for.
  for (const name of Object.keys(statement.values))
    if (!new RegExp(`\\$${name}\\b`).test(sql)) {
      delete values[name];
      delete types[name];
    }
  return { ...statement, sql, values, types };
}

/** The value with copies in place of the files that are here; the value itself if it names none. */
function copiesOf(value: DuckDBValue | undefined, copyOf: (location: string) => string): unknown {
  if (typeof value === 'string') return copyOf(value);
  if (!(value instanceof DuckDBListValue)) return value;
  const items = value.items.map((item) => (typeof item === 'string' ? copyOf(item) : item));
  return items.every((item, index) => item === value.items[index]) ? value : new DuckDBListValue(items);
}
