/**
 * Explains why a target cannot be created from a query: columns of types that Iceberg, or the target's format
 * version, does not have. Query -> one error that names them. DuckDB names neither the column nor the remedy.
 */
import { relative } from 'node:path';
import { describeStatement } from '../../compile/index.ts';
import type { Engine } from '../../engine/index.ts';
import { PsybergError, usageError } from '../../model/errors.ts';
import type { SqlFragment } from '../../statements/index.ts';
import { bindStep } from '../bind-step.ts';
import type { Work } from '../port.ts';

/** DuckDB's types that no Iceberg type holds, and the nearest that one does. */
const NOT_IN_ICEBERG: readonly (readonly [RegExp, string])[] = [
  [/\b(BIT|BITSTRING|ENUM|UNION|JSON|INTERVAL)\b/, 'varchar'],
  [/\bUBIGINT\b/, 'decimal(20, 0)'],
  [/\b(UHUGEINT|BIGNUM|VARINT)\b/, 'decimal(38, 0)'],
  [/\b(TIME WITH TIME ZONE|TIMETZ|TIME_NS)\b/, 'time'],
  [/\bTIMESTAMP_(S|MS)\b/, 'timestamp'],
];
/**
 * Those that a column of a target takes which is there already, so that `check` says nothing of them; none is
 * made of them.
 */
const NARROW: readonly (readonly [RegExp, string])[] = [
  [/\bU?(TINYINT|SMALLINT)\b/, 'integer'],
  [/\bUINTEGER\b/, 'bigint'],
];
/** Iceberg specification, "Primitive Types": those added by version 3. */
const FROM_VERSION_3 =
  /\b(TIMESTAMP_NS|TIMESTAMPTZ_NS|TIMESTAMP_NS WITH TIME ZONE|VARIANT|GEOMETRY|GEOGRAPHY)\b/;
const ARRAY = /\[\d+\]/;

/**
 * `column-type-unsupported` when the query returns a column that the target cannot have; else the error
 * itself. `sources`: the CTEs with which the target was to be created.
 */
export async function typeProblem(
  engine: Engine,
  { spec, plan, root }: Work,
  error: unknown,
  sources?: SqlFragment,
): Promise<unknown> {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return error;
  const describe = { name: 'describe_query', ...describeStatement(plan, spec, sources) };
  const described = await engine.table(bindStep(describe, {})).catch(() => undefined);
  const version = plan.target.format_version;
  const file = relative(root, spec.file);
  for (const { name, type } of described?.columns ?? []) {
    const remedy = remedyOf(name, type, version, file) ?? remedyAmong(NARROW, name, type);
    if (remedy === undefined) continue;
    return usageError(
      'column-type-unsupported',
      `${file}:${spec.sqlOffset.line} returns the column ${name} of type ${type}, which ${remedy.lack}; the target ${plan.target.table} was not created`,
      {
        hint: remedy.hint,
        context: { process_name: spec.processName, file, line: spec.sqlOffset.line, column_name: name, type },
        cause: error,
      },
    );
  }
  // DuckDB's JSON is its VARCHAR by another name: the columns do not say which of them it is.
  if (/Type JSON is not a valid Iceberg Type/.test(error.message))
    return usageError(
      'column-type-unsupported',
      `${file}:${spec.sqlOffset.line} returns a column of type JSON, which Iceberg does not have; the target ${plan.target.table} was not created`,
      {
        hint: 'cast it in the select list: …::varchar',
        context: { process_name: spec.processName, file, line: spec.sqlOffset.line, type: 'JSON' },
        cause: error,
      },
    );
  return error;
}

interface Remedy {
  readonly lack: string;
  readonly hint: string;
}

/** What a target of that format version lacks, and what to do; undefined where it has the type. */
export function remedyOf(name: string, type: string, version: number, file: string): Remedy | undefined {
  if (version < 3 && FROM_VERSION_3.test(type))
    return {
      lack: `Iceberg has from format version 3 on, and new targets are of version ${version}`,
      hint: `write "properties: { format-version: 3 }" under target in ${file}, or ${castOf(name, /^TIMESTAMP/.test(type) ? 'timestamp' : 'varchar')}`,
    };
  if (ARRAY.test(type))
    return {
      lack: 'Iceberg does not have',
      hint: castOf(name, type.replaceAll(/\[\d+\]/g, '[]').toLowerCase()),
    };
  return remedyAmong(NOT_IN_ICEBERG, name, type);
}

const castOf = (name: string, to: string): string => `cast it in the select list: ${name}::${to} as ${name}`;

function remedyAmong(types: typeof NOT_IN_ICEBERG, name: string, type: string): Remedy | undefined {
  const nearest = types.find(([pattern]) => pattern.test(type))?.[1];
  if (nearest === undefined) return undefined;
  const isNested = /^(STRUCT|MAP)|\[\]$/.test(type);
  return {
    lack: 'Iceberg does not have',
    hint: isNested ? `cast that part of ${name} to ${nearest} in the select list` : castOf(name, nearest),
  };
}
