/** Writes the statement that makes a table like an existing one. Metadata -> SQL. */
import { currentSchema } from '../iceberg/event-time.ts';
import type { NestedField, PartitionSpec, Schema, TableMetadata } from '../iceberg/table-metadata.ts';
import { usageError } from '../model/errors.ts';
import { parseTableName, type TableIdentifier, tableName } from '../model/names.ts';
import { nearestName } from '../project/did-you-mean.ts';
import {
  duckdbTypeName,
  type NestedType,
  partitionedByFragment,
  quoteIdentifier,
  withPropertiesFragment,
} from '../statements/index.ts';
import { tablesIn } from '../workspace/list-tables.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

/**
 * Writes the DDL of a table, named `schema.table`, as DuckDB takes it. What DDL cannot say is put into
 * comments.
 * @throws PsybergError `table-missing`, `table-name-invalid`.
 */
export async function tableDefinition(workspace: Workspace, name: string): Promise<string> {
  const id = await found(workspace, name);
  const metadata = (await workspace.client.loadTable(id))?.metadata;
  if (metadata === undefined) throw missing(name, []);
  return definitionOf(id, metadata);
}

/** Finds the table of that name; letter case does not matter if the name is still unambiguous. */
async function found(workspace: Workspace, name: string): Promise<TableIdentifier> {
  const exact = parseTableName(name);
  if (await workspace.client.tableExists(exact)) return exact;
  const tables = await tablesIn(workspace);
  const same = tables.filter((table) => tableName(table).toLowerCase() === name.toLowerCase());
  if (same.length === 1) return same[0] as TableIdentifier;
  throw missing(name, tables.map(tableName));
}

function missing(name: string, tables: readonly string[]): Error {
  const near = nearestName(name, tables);
  return usageError('table-missing', `there is no table ${name}`, {
    hint: near === undefined ? 'psyberg tables lists the tables' : `did you mean ${near}?`,
    context: { table: name },
  });
}

/** Writes the DDL. Pure. */
export function definitionOf(id: TableIdentifier, metadata: TableMetadata): string {
  const schema = currentSchema(metadata);
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === metadata['default-spec-id']);
  const columns = schema.fields.map(columnText);
  const partitions = partitionedByFragment(partitionFields(schema, spec)).sql;
  const properties = withPropertiesFragment({
    'format-version': String(metadata['format-version']),
    ...metadata.properties,
  }).sql;
  return `create table ${[...id.namespace, id.name].map(nameText).join('.')} (\n${columns.join(',\n')}\n)${partitions}${properties};`;
}

function columnText({ name, type, required }: NestedField): string {
  const text = duckdbTypeName(type as NestedType) ?? `/* ${JSON.stringify(type)} */ blob`;
  return `  ${nameText(name)} ${text}${required ? ' not null' : ''}`;
}

/** Quotes a name only if SQL needs it. */
const nameText = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name));

/** Leaves out `void`: a field that was removed from the partitioning. */
const partitionFields = (
  schema: Schema,
  spec: PartitionSpec | undefined,
): { transform: string; column: string; argument?: number }[] =>
  (spec?.fields ?? []).flatMap(({ transform, 'source-id': source }) => {
    const column = schema.fields.find((field) => field.id === source)?.name;
    const [, kind = transform, argument] = /^(\w+)\[(\d+)\]$/.exec(transform) ?? [];
    if (column === undefined || transform === 'void') return [];
    return [{ transform: kind, column, ...(argument === undefined ? {} : { argument: Number(argument) }) }];
  });
