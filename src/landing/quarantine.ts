/**
 * Reads files of a source that keeps rows which do not fit aside. Files -> a relation of the rows that fit,
 * as `read-files.ts` makes it, and one of the others, with file and line.
 */
import type { Engine } from '../engine/index.ts';
import type { FilesSpec, FilesToRead } from '../model/files-source.ts';
import {
  csvStatements,
  filesRelation,
  lineFragments,
  readFilesValues,
  type StatementRow,
  statement,
} from '../statements/index.ts';

/** A row that does not fit, as it stands in its file. */
export type BadRow = StatementRow<'landing/set_aside'>;

const badRelation = (relation: string): string => `${relation}_bad`;
const badFragment = (relation: string) => filesRelation(badRelation(relation));

/** Makes an empty relation of set-aside rows, for files whose rows all fit. */
export const nothingAside = (engine: Engine, { relation }: Pick<FilesToRead, 'relation'>): Promise<bigint> =>
  engine.execute(statement('landing/no_bad_rows', { bad: badFragment(relation) }));

/**
 * Sets rows that do not fit aside. False if the files have no lines that can be judged one by one (a JSON
 * array, a CSV with another head): then the reader itself has to say what is wrong.
 */
export async function setAside(engine: Engine, spec: FilesSpec, toRead: FilesToRead): Promise<boolean> {
  if (spec.format === 'json') return linesAside(engine, spec, toRead);
  const { relation } = toRead;
  const values = readFilesValues(spec, toRead);
  await dropRejects(engine);
  try {
    const { good, rejected, bad } = csvStatements(spec, toRead.columns);
    await engine.execute(rejected(filesRelation(relation)), { files: values.files });
    await engine.execute(bad(badFragment(relation)), values);
    await engine.execute(good(filesRelation(relation)), values);
    return true;
  } catch {
    return false;
  } finally {
    await dropRejects(engine);
  }
}

async function dropRejects(engine: Engine): Promise<void> {
  await engine.execute(statement('landing/drop_rejects'));
  await engine.execute(statement('landing/drop_reject_scans'));
}

async function linesAside(engine: Engine, spec: FilesSpec, toRead: FilesToRead): Promise<boolean> {
  const { relation, files, columns } = toRead;
  const lines = filesRelation(`${relation}_lines`);
  const { misfit, values } = lineFragments(spec, columns);
  await engine.execute(statement('landing/begin_lines', { lines }));
  try {
    const locations = readFilesValues(spec, toRead).files;
    for (const [index, { path }] of files.entries())
      await engine.execute(statement('landing/add_lines', { lines }), {
        file: locations[index] as string,
        path,
      });
    const [array] = await engine.query(statement('landing/arrays', { lines }));
    if (array !== undefined) return false;
    await engine.execute(
      statement('landing/good_lines', { relation: filesRelation(relation), lines, values, misfit }),
    );
    await engine.execute(statement('landing/bad_lines', { bad: badFragment(relation), lines, misfit }));
    return true;
  } catch {
    return false;
  } finally {
    await engine.execute(statement('landing/drop_files', { relation: lines }));
  }
}

/** The rows that were kept aside, `limit` of them at most. */
export const rowsAside = (engine: Engine, relation: string, limit: number): Promise<BadRow[]> =>
  engine.query(statement('landing/set_aside', { bad: badFragment(relation) }), { limit: BigInt(limit) });

/** Drops the relation of set-aside rows. */
export const dropAside = (engine: Engine, relation: string): Promise<bigint> =>
  engine.execute(statement('landing/drop_files', { relation: badFragment(relation) }));
