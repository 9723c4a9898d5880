/**
 * Refuses fields of JSON that are spelled in two ways. Types that are known + types that were found -> a
 * refusal. A field is found by its exact letters: under a column spelled otherwise its values would be NULL.
 */
import { type Engine, parseColumnType } from '../engine/index.ts';
import type { ColumnType } from '../model/column-type.ts';
import { type PsybergError, refusal } from '../model/errors.ts';
import { type FileColumns, type FilesSpec, type FilesToRead, folderName } from '../model/files-source.ts';
import { withLeaves } from '../model/type-parts.ts';
import { inferColumnsStatement, objectFieldsStatement, readFilesValues } from '../statements/index.ts';

interface Found {
  /** The types that are known from the header or from earlier files. */
  readonly told: FileColumns;
  readonly columns: readonly { readonly column_name: string; readonly column_type: string }[];
}

/** Throws `file-does-not-fit`. */
export async function refuseOtherCase(
  engine: Engine,
  spec: FilesSpec,
  toRead: Pick<FilesToRead, 'files' | 'shape'>,
  found: Found,
): Promise<void> {
  const by = spec.columns === undefined ? 'earlier files' : 'columns: at the source';
  for (const [field, name] of spelledOtherwise(found))
    throw spelledTwice(spec, field, `${by} spelled ${name}`);
  for (const [one, other] of await spelledAmong(engine, spec, toRead, found))
    throw spelledTwice(spec, one, `others of their objects spell ${other}`);
}

/** Fields of the new files whose letters differ in case from known ones, also inside of structs. */
function spelledOtherwise({ told, columns }: Found): (readonly [field: string, known: string])[] {
  const names = new Map(Object.keys(told).map((name) => [name.toLowerCase(), name]));
  return columns.flatMap(({ column_name: field, column_type: type }) => {
    const name = names.get(field.toLowerCase());
    if (name === undefined) return [];
    if (!Object.hasOwn(told, field)) return [[field, name] as const];
    return membersSpelled(typeOf(told[name] as string), typeOf(type));
  });
}

const typeOf = (text: string): ColumnType => parseColumnType(withLeaves(text, (leaf) => leaf));

function membersSpelled(known: ColumnType, found: ColumnType): (readonly [field: string, known: string])[] {
  if (known.kind === 'list' && found.kind === 'list') return membersSpelled(known.element, found.element);
  if (known.kind === 'map' && found.kind === 'map') return membersSpelled(known.value, found.value);
  if (known.kind !== 'struct' || found.kind !== 'struct') return [];
  return found.members.flatMap(({ name, type }) => {
    const same = known.members.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (same === undefined) return [];
    return same.name === name ? membersSpelled(same.type, type) : [[name, same.name] as const];
  });
}

/**
 * Fields that the new files themselves spell in two ways. DuckDB calls the second one `name_1`, which is a
 * field of no object; inside of structs it leaves it out if lines that do not fit are to be skipped.
 */
async function spelledAmong(
  engine: Engine,
  spec: FilesSpec,
  toRead: Pick<FilesToRead, 'files' | 'shape'>,
  { columns }: Found,
): Promise<(readonly [string, string])[]> {
  const { files } = readFilesValues(spec, toRead);
  const names = new Set(columns.map(({ column_name: name }) => name.toLowerCase()));
  const isDoubtful = [...names].some((name) => names.has(/^(.*)_\d+$/s.exec(name)?.[1] ?? ''));
  const fields = isDoubtful ? await engine.query(objectFieldsStatement(spec), { files }) : [];
  const spelled = new Map<string, string>();
  for (const { field } of fields) {
    const other = spelled.get(field.toLowerCase());
    if (other !== undefined) return [[field, other]];
    spelled.set(field.toLowerCase(), field);
  }
  if (spec.onBadRows !== 'quarantine' || !columns.some(({ column_type: type }) => /STRUCT\(/.test(type)))
    return [];
  const inside = await engine
    .query(inferColumnsStatement({ ...spec, onBadRows: 'refuse' }, true), { files })
    .then(
      () => undefined,
      (error: unknown) => /Duplicate name "([^"]+)" in struct/.exec((error as PsybergError).message)?.[1],
    );
  return inside === undefined ? [] : [[inside, 'otherwise']];
}

const spelledTwice = (spec: FilesSpec, field: string, how: string): PsybergError =>
  refusal(
    'file-does-not-fit',
    `the new files of ${folderName(spec.globs)} have a field ${field}, which ${how}`,
    {
      hint: `write it in one way in the files${spec.columns === undefined ? '' : ', and the same under columns:'}`,
      context: { files: folderName(spec.globs), columns: [field] },
    },
  );
