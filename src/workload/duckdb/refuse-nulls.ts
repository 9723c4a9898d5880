/**
 * Refuses NULL where the target requires a value. Written files -> nothing, or `null-in-required-column` with
 * a row. Readers trust the schema: for such a column PyIceberg finds no row that is null, and DuckDB finds
 * it.
 */
import { relative } from 'node:path';
import type { Engine } from '../../engine/index.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import { listFields } from '../../iceberg/schema-fields.ts';
import type { NestedField, TableMetadata } from '../../iceberg/table-metadata.ts';
import { type PsybergError, refusal } from '../../model/errors.ts';
import type { Step } from '../../model/plan.ts';
import { sqlName } from '../../model/sql-name.ts';
import { nullsAgainstFragment, requiresInside, statement } from '../../statements/index.ts';
import { statisticsOf, type WrittenFile } from '../../tables/write/data-files.ts';
import type { Work } from '../port.ts';

interface StagedFiles {
  readonly work: Work;
  readonly step: Pick<Step, 'kind'>;
  readonly metadata: TableMetadata;
  readonly files: readonly WrittenFile[];
}

/** Looks at what COPY counted: rows are read only where a required column has NULLs, for an example. */
export async function refuseNullsInFiles(
  engine: Engine,
  { work, step, metadata, files }: StagedFiles,
): Promise<void> {
  for (const field of currentSchema(metadata).fields) {
    if (!field.required && !requiresInside(field)) continue;
    // Of what lies inside a column COPY counts nothing under its name: such files are read.
    const suspected = files.filter((file) => statisticsOf(file, field.name)?.['null_count'] !== '0');
    if (suspected.length === 0) continue;
    const found = await nullRows(engine, field, suspected);
    if (found !== undefined)
      throw nullsError(work, { path: requiredIn(field), found, isCarried: isCarried(step) });
  }
}

/** The column, or what must be there inside it; keys of maps are never NULL. */
const requiredIn = (field: NestedField): string =>
  listFields([field])
    .filter(({ required, path }) => required && !path.endsWith('.key'))
    .map(({ path }) => path)
    .join(' or ');

/** Rows that the target held before, and that move to another file. */
const isCarried = ({ kind }: Pick<Step, 'kind'>): boolean => kind === 'carry-over';

interface NullRows extends Record<string, unknown> {
  readonly rows: bigint;
  readonly example: string | null;
}

async function nullRows(
  engine: Engine,
  field: NestedField,
  files: readonly WrittenFile[],
): Promise<NullRows | undefined> {
  const [found] = await engine.query(
    statement('workload/null_rows', { nulls: nullsAgainstFragment(field) }),
    {
      files: files.map((file) => file.filename),
    },
  );
  return found === undefined || found.rows === 0n ? undefined : found;
}

function nullsError(
  { plan, spec, root }: Work,
  {
    path,
    found,
    isCarried: carried,
  }: {
    readonly path: string;
    readonly found: NullRows;
    readonly isCarried: boolean;
  },
): PsybergError {
  const { table } = plan.target;
  const [column = path] = path.split('.');
  const rows = found.rows === 1n ? '1 row holds' : `${found.rows} rows hold`;
  const correct = carried
    ? `these rows lie in the target already: correct or delete them there (psyberg sql '${`delete from ${table} where ${sqlName(column)} is null`}')`
    : `return a value there in ${relative(root, spec.file)}, or leave such rows out`;
  const allow = `allow NULL: psyberg sql '${`alter table ${table} alter column ${sqlName(column)} drop not null`}'`;
  return refusal(
    'null-in-required-column',
    `${plan.process_name}: ${rows} NULL in ${path}, which the target ${table} requires, for example ${found.example}; nothing was published`,
    {
      hint: path === column ? `${correct}; or ${allow}` : correct,
      context: {
        process_name: plan.process_name,
        target: table,
        column: path,
        rows: String(found.rows),
        example: found.example,
      },
    },
  );
}
