/** Finds what a process's SQL uses of the project, and its fingerprint. Values -> values. Pure. */
import { createHash } from 'node:crypto';
import type {
  AuditSpec,
  MacroSpec,
  ParameterUse,
  ProcessSpec,
  TypedValue,
  VariableSpec,
  VariableType,
} from '../model/process-spec.ts';
import { macrosUsed } from './read-macros.ts';
import { typedValueOf } from './read-variables.ts';

/** What SQL may use besides tables. */
export interface ProjectSql {
  readonly variables: readonly VariableSpec[];
  readonly macros: readonly MacroSpec[];
}

interface WrittenSql {
  readonly sql: string;
  readonly parameters: readonly ParameterUse[];
  readonly audits: readonly AuditSpec[];
}

/**
 * The variables and macros that a process and its audits use, and the fingerprint of its SQL with these put
 * in.
 */
export function usedOf(
  { sql, parameters, audits }: WrittenSql,
  { variables, macros }: ProjectSql,
): Pick<ProcessSpec, 'variables' | 'macros' | 'sqlSha256'> {
  const named = new Set([parameters, ...audits.map((audit) => audit.parameters ?? [])].flat().map(nameOf));
  const usedVariables = Object.fromEntries(
    variables.flatMap(({ name, type, value }) => (named.has(name) ? [[name, { type, value }]] : [])),
  );
  const usedMacros = macrosUsed([sql, ...audits.map(sqlOf)], macros);
  return {
    ...(Object.keys(usedVariables).length === 0 ? {} : { variables: usedVariables }),
    ...(usedMacros.length === 0 ? {} : { macros: usedMacros }),
    sqlSha256: fingerprint({ sql, parameters, variables: usedVariables, macros: usedMacros }),
  };
}

const nameOf = ({ name }: ParameterUse): string => name;
/** An expression is the only SQL of an audit that is not in a file. */
const sqlOf = (audit: AuditSpec): string =>
  audit.sql ?? String((audit as { readonly expression?: string }).expression ?? '');

/** Audits are left out: they change no row. */
function fingerprint({
  sql,
  parameters,
  variables = {},
  macros = [],
}: Pick<ProcessSpec, 'sql' | 'parameters' | 'variables' | 'macros'>): string {
  const named = new Set(parameters.map(nameOf));
  const values = Object.entries(variables).filter(([name]) => named.has(name));
  const definitions = macrosUsed([sql], macros).map(({ definition }) => definition);
  const text =
    values.length + definitions.length === 0 ? sql : JSON.stringify([sql, definitions, values.sort()]);
  return createHash('sha256').update(text).digest('hex');
}

/**
 * The process with the variables' values that its plan was made with; undefined if one of the variables no
 * longer exists, or has another type.
 */
export function withValues(
  spec: ProcessSpec,
  values: Readonly<Record<string, TypedValue['value']>>,
): ProcessSpec | undefined {
  const variables: Record<string, TypedValue> = { ...spec.variables };
  for (const [name, given] of Object.entries(values)) {
    const declared = variables[name];
    // A variable that nothing names any more changes nothing; the fingerprint tells whether the SQL was
    // changed.
    if (declared === undefined) continue;
    const value = typedValueOf(declared.type as VariableType, String(given));
    if (value === undefined) return undefined;
    variables[name] = { ...declared, value };
  }
  if (spec.variables === undefined) return spec;
  return { ...spec, variables, sqlSha256: fingerprint({ ...spec, variables }) };
}
