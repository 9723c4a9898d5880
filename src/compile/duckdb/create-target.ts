/** The creation of a target, and its query alone, over no row. Plan + spec -> statements of DuckDB. Pure. */
import type { Plan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { CreateTargetStep } from '../../model/step.ts';
import {
  lakeTable,
  partitionedByFragment,
  type SqlFragment,
  type Statement,
  statement,
  userQueryFragment,
  withPropertiesFragment,
} from '../../statements/index.ts';
import { boundIn, firstWindow, processParameters, windowOf } from '../parameters.ts';
import { type BareStep, type OverNoRow, stepAround } from '../step-statements.ts';
import { queryCtes } from './source-ctes.ts';

/**
 * What a new target gets unless its process says otherwise. Snappy is DuckDB's own default for Parquet: a
 * session of 1,000,000 rows of 9 columns took 1.15 times a plain COPY with it and 1.35 times with zstd, whose
 * files were 0.58 times as large (2026-11-22, 2 cores, medians of 4). Every commit writes the table's
 * metadata anew, and without a limit 1,000 commits left 659 MB of them (2026-11-22). Iceberg's own 100
 * earlier files would still be about 130 MB there, 20 are 26 MB. Nobody needs them but a reader that has
 * opened one by its name and has not planned yet, for the length of several sessions.
 */
export const TARGET_PROPERTIES = {
  'format-version': '2',
  'write.parquet.compression-codec': 'snappy',
  'write.metadata.delete-after-commit.enabled': 'true',
  'write.metadata.previous-versions-max': '20',
} as const;

/**
 * The target's creation. Its text is final only at run time when the SQL of a dimension asks for `previous`:
 * the target that does not exist yet.
 */
export function createStatement(spec: ProcessSpec, sources: SqlFragment): Statement<'compile/create_target'> {
  return statement('compile/create_target', {
    target: lakeTable(spec.target.table),
    partitioning: partitionedByFragment(spec.target.partitionBy),
    properties: withPropertiesFragment({ ...TARGET_PROPERTIES, ...spec.target.properties }),
    sources,
    query: userQueryFragment(spec.sql),
  });
}

export function compileTarget(plan: Plan, spec: ProcessSpec): CreateTargetStep {
  const one = firstWindow(spec, windowOf(plan));
  const ctes = queryCtes(plan, spec, one);
  const create = createStatement(spec, ctes.fragment);
  return {
    kind: 'create-target',
    stage: 'branch',
    name: 'create_target',
    ...stepAround(
      create.sql,
      boundIn(create.sql, spec, { ...processParameters(plan, one), ...ctes.parameters }),
    ),
  };
}

/**
 * The query alone, over no row: it gives the columns, and DuckDB's complaints, before anything is written.
 * `ctes`: instead of the session's own.
 */
export const describeStatement = (plan: Plan, spec: ProcessSpec, ctes?: SqlFragment): QueryOverNoRow =>
  overNoRow('compile/describe_query', { plan, spec, ctes });

/** The same for the exact types of its columns: one row that names them. */
export const columnTypesStatement = (plan: Plan, spec: ProcessSpec, ctes?: SqlFragment): QueryOverNoRow =>
  overNoRow('compile/column_types', { plan, spec, ctes });

/** Bound as a step is. */
type QueryOverNoRow = BareStep & { readonly kind: OverNoRow };

function overNoRow(
  kind: OverNoRow,
  { plan, spec, ctes }: { plan: Plan; spec: ProcessSpec; ctes: SqlFragment | undefined },
): QueryOverNoRow {
  const window = firstWindow(spec, windowOf(plan));
  const bound = queryCtes(plan, spec, window);
  const described = statement(kind, { sources: ctes ?? bound.fragment, query: userQueryFragment(spec.sql) });
  const values = { ...processParameters(plan, window), ...bound.parameters };
  return { kind, ...stepAround(described.sql, boundIn(described.sql, spec, values)) };
}
