/**
 * NULL where the target requires a value: never published. Written files or staged rows -> nothing, or
 * `null-in-required-column` with a row. Readers take the schema's word: PyIceberg finds no row where such a
 * column is null, DuckDB finds it.
 */
import { relative } from 'node:path';
import { type SearchedRows, nullRowsStatement } from '../compile/index.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { listFields } from '../iceberg/schema-fields.ts';
import type { NestedField, TableMetadata } from '../iceberg/table-metadata.ts';
import { PsybergError, refusal } from '../model/errors.ts';
import type { Step } from '../model/plan.ts';
import { sqlName } from '../model/sql-name.ts';
import { nullsAgainstFragment, quoteIdentifier, requiresInside } from '../statements/index.ts';
import { bindStep } from './bind-step.ts';
import { type ComposedSnapshot, type RunContext, loadTarget } from './context.ts';
import type { WrittenFile } from './write-files.ts';

/** Looks at what COPY counted: rows are read only where a required column has NULLs, for an example. */
export async function refuseNullsInFiles(
  context: RunContext,
  step: Pick<Step, 'name'>,
  { metadata, files }: { readonly metadata: TableMetadata; readonly files: readonly WrittenFile[] },
): Promise<void> {
  for (const field of currentSchema(metadata).fields) {
    if (!field.required && !requiresInside(field)) continue;
    // Of what lies inside a column COPY counts nothing under its name: such files are read.
    const suspected = files.filter(
      ({ column_statistics: counted }) =>
        (counted[quoteIdentifier(field.name)] ?? counted[field.name])?.['null_count'] !== '0',
    );
    if (suspected.length === 0) continue;
    const found = await nullRows(context, field, { files: suspected.map((file) => file.filename) });
    if (found !== undefined)
      throw nullsError(context, { path: requiredIn(field), found, isCarried: isCarried(step) });
  }
}

/** What DuckDB's extension said when it would not insert a NULL, with a row; every other error as it is. */
export async function explainNulls(
  context: RunContext,
  step: Pick<Step, 'name'>,
  error: unknown,
): Promise<unknown> {
  const named = /^Constraint Error: NOT NULL constraint failed: ([^\n]+)/.exec((error as Error).message)?.[1];
  if (!(error instanceof PsybergError) || named === undefined) return error;
  const { name } = context.spec.target.table;
  const path = named.startsWith(`${name}.`) ? named.slice(name.length + 1) : named;
  const { fields } = currentSchema((await loadTarget(context)).metadata);
  const field = fields.find((each) => path === each.name || path.startsWith(`${each.name}.`));
  if (field === undefined) return error;
  const found = await nullRows(context, field, isCarried(step) ? 'carried' : 'returned').catch(
    () => undefined,
  );
  return nullsError(context, { path, found, isCarried: isCarried(step), cause: error });
}

/** Looks for what the extension lets pass (DuckDB 1.5.5: values of maps) among the staged rows. */
export async function refuseNullsInside(context: RunContext): Promise<void> {
  const { metadata } = context.composed as ComposedSnapshot;
  for (const field of currentSchema(metadata).fields.filter(requiresInside)) {
    const found = await nullRows(context, field, 'staged');
    if (found !== undefined) throw nullsError(context, { path: requiredIn(field), found, isCarried: false });
  }
}

/** The column, or what must be there inside it; keys of maps are never NULL. */
const requiredIn = (field: NestedField): string =>
  field.required
    ? field.name
    : listFields([field])
        .filter(({ required, path }) => required && !path.endsWith('.key'))
        .map(({ path }) => path)
        .join(' or ');

/** Rows that the target held before, and that move to another file. */
const isCarried = ({ name }: Pick<Step, 'name'>): boolean => name === 'carry_over';

interface NullRows extends Record<string, unknown> {
  readonly rows: bigint;
  readonly example: string | null;
}

async function nullRows(
  context: RunContext,
  field: NestedField,
  rows: SearchedRows,
): Promise<NullRows | undefined> {
  const { plan, spec, ports } = context;
  const statement = nullRowsStatement(plan, spec, { rows, nulls: nullsAgainstFragment(field) });
  const [found] = await ports.engine.query<NullRows>(bindStep({ name: 'null_rows', ...statement }, {}));
  return found === undefined || found.rows === 0n ? undefined : found;
}

function nullsError(
  context: RunContext,
  nulls: {
    readonly path: string;
    readonly found: NullRows | undefined;
    readonly isCarried: boolean;
    readonly cause?: unknown;
  },
): PsybergError {
  const { plan, spec, ports } = context;
  const { path, found } = nulls;
  const file = relative(ports.project.root, spec.file);
  const { table } = plan.target;
  const [column = path] = path.split('.');
  const rows =
    found === undefined
      ? // The extension takes a NULL list or struct for one of what lies in it.
        `a row holds NULL in ${column}, and DuckDB's extension cannot write it while ${path} is required`
      : `${found.rows} ${found.rows === 1n ? 'row holds' : 'rows hold'} NULL in ${path}, which the target ${table} requires, for example ${found.example}`;
  const allow = `allow NULL: psyberg sql '${`alter table ${table} alter column ${sqlName(column)} drop not null`}'`;
  const correct = nulls.isCarried
    ? `these rows lie in the target already: correct or delete them there (psyberg sql '${`delete from ${table} where ${sqlName(column)} is null`}')`
    : `return a value there in ${file}, or leave such rows out`;
  return refusal('null-in-required-column', `${plan.process_name}: ${rows}; nothing was published`, {
    hint: path === column ? `${correct}; or ${allow}` : correct,
    context: {
      process_name: plan.process_name,
      target: table,
      column: path,
      rows: found === undefined ? null : String(found.rows),
      example: found?.example ?? null,
    },
    ...(nulls.cause === undefined ? {} : { cause: nulls.cause }),
  });
}
