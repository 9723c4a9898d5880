/**
 * Compares the columns of Parquet files. Paths -> nothing, or a refusal that names a file. DuckDB reads all
 * files of a session by the columns of the first: a column that only a later file has would silently be left
 * out, and 1.5 would be 2 if the first file has whole numbers.
 */
import type { Engine } from '../engine/index.ts';
import { refusal } from '../model/errors.ts';
import { type FilesSpec, type FilesToRead, folderName } from '../model/files-source.ts';
import { inferColumnsStatement, readFilesValues, type StatementRow } from '../statements/index.ts';

type Column = StatementRow<'landing/inferred_columns'>;

/** More files than these are not looked through one by one. Not measured. */
const SEARCHED_MAX = 1000;

/**
 * Throws `file-does-not-fit` if a file has columns or types that the first file has no room for. Nothing is
 * checked if the header says how columns are brought together. `first`: the columns by which all would be
 * read.
 */
export async function checkParquetColumns(
  engine: Engine,
  spec: FilesSpec,
  { files, shape }: Pick<FilesToRead, 'files' | 'shape'>,
  first: readonly Column[],
): Promise<void> {
  if (spec.format !== 'parquet' || files.length < 2 || 'union_by_name' in spec.options) return;
  const columnsOf = (some: FilesToRead['files'], isUnion: boolean): Promise<Column[]> =>
    engine.query(
      inferColumnsStatement(
        isUnion ? { ...spec, options: { ...spec.options, union_by_name: true } } : spec,
        false,
      ),
      { files: readFilesValues(spec, { files: some, shape }).files },
    );
  const [other] = othersAmong(await columnsOf(files, true), first);
  if (other === undefined) return;
  const { column_name: name } = other;
  const known = typeOf(first, name);
  for (const file of files.slice(1, SEARCHED_MAX)) {
    const type = typeOf(await columnsOf([file], false), name);
    if (type !== undefined && type !== known)
      throw otherColumn(spec, { path: file.path, name, type, known, files });
  }
  throw otherColumn(spec, { path: undefined, name, type: other.column_type, known, files });
}

/** The columns that are wider in `united` than in `first`, or only there. */
const othersAmong = (united: readonly Column[], first: readonly Column[]): Column[] =>
  united.filter(({ column_name: name, column_type: type }) => typeOf(first, name) !== type);

const typeOf = (columns: readonly Column[], name: string): string | undefined =>
  columns.find((each) => each.column_name.toLowerCase() === name.toLowerCase())?.column_type;

function otherColumn(
  spec: FilesSpec,
  {
    path,
    name,
    type,
    known,
    files: [first],
  }: {
    readonly path: string | undefined;
    readonly name: string;
    readonly type: string;
    readonly known: string | undefined;
    readonly files: FilesToRead['files'];
  },
): Error {
  const where = path ?? folderName(spec.globs);
  const before = known === undefined ? 'no such column' : known;
  return refusal(
    'file-does-not-fit',
    `${where}: its column ${name} is ${type}; ${first?.path}, by whose columns the files of a session are read, has ${before}`,
    {
      hint: 'write the files with the same columns and types; or say at their source options: { union_by_name: true }: columns are then as wide as any file has them, and what a file lacks is NULL',
      context: { files: folderName(spec.globs), file: path ?? null, line: null, column: null },
    },
  );
}
