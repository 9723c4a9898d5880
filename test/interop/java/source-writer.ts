/**
 * Apache Iceberg's Java library as somebody else who writes and reads the tables of a world. Requests (see
 * `SourceWriter.java`) -> commits, and rows as Apache Iceberg itself reads them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CATALOG_NAME } from '../../../src/workspace/project-catalog.ts';
import type { World } from '../../support/world.ts';
import { javaClasspath } from './java.ts';

export type JavaRow = Readonly<Record<string, unknown>>;
export interface EqualityDelete {
  readonly columns: readonly string[];
  /** Keys, with the columns by which the table is partitioned. */
  readonly rows: readonly JavaRow[];
  /** A partition spec other than the present one. */
  readonly spec?: number;
}
/** Rows whose column has one of the values. */
interface RowsOf {
  readonly column: string;
  readonly values: readonly (string | number)[];
}
/** One commit: rows, and deletes of rows that were there before. */
export interface JavaWrite {
  readonly rows?: readonly JavaRow[];
  readonly equality?: readonly EqualityDelete[];
  readonly positions?: RowsOf & { readonly per: 'file' | 'partition' };
  readonly vectors?: RowsOf;
  readonly branch?: string;
  /** A commit that no branch has; the id under which it is found. */
  readonly staged?: string;
  readonly spec?: number;
  readonly fast?: boolean;
}
export interface JavaWriter {
  /** @throws Error with Java's message. */
  ask(table: string, kind: string, request?: object): Promise<Record<string, unknown>>;
  write(table: string, write: JavaWrite): Promise<void>;
  read(table: string): Promise<JavaRow[]>;
  close(): Promise<void>;
}

/** Over the catalog of a world that is not opened again meanwhile. */
export async function startJavaWriter(world: World): Promise<JavaWriter> {
  const { uri, token } = world.psyberg.internals.catalog;
  const child = spawn(
    'java',
    [
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
      '-cp',
      await javaClasspath(),
      join(import.meta.dirname, 'SourceWriter.java'),
      uri,
      token,
      CATALOG_NAME,
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => {
    printed = (printed + String(chunk)).slice(-4000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`Java has ended:\n${printed}`);
    return JSON.parse(value) as Record<string, unknown>;
  };
  await next();
  const ask: JavaWriter['ask'] = async (table, kind, request = {}) => {
    child.stdin.write(`${JSON.stringify({ ...request, table, kind })}\n`);
    const answer = await next();
    if (answer['error'] !== undefined)
      throw new Error(`${kind} ${JSON.stringify(request)}: ${answer['error']}`);
    return answer;
  };
  return {
    ask,
    async write(table, write) {
      await ask(table, 'write', write);
    },
    read: async (table) => (await ask(table, 'read'))['rows'] as JavaRow[],
    async close() {
      const gone = child.exitCode === null ? once(child, 'exit') : undefined;
      child.stdin.end();
      await gone;
    },
  };
}
