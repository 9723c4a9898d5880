/**
 * Whether a query reads its sources alone. Spark's plan of it -> nothing, or an error. The plan as it was
 * resolved names every table that is read, also by views and functions.
 */
import { relative } from 'node:path';
import { SESSION_CATALOG } from '../../compile/index.ts';
import { usageError } from '../../model/errors.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { sqlTokens } from '../../model/sql-tokens.ts';

/**
 * What reads something: nodes of a plan that have no node below them, but for those that make rows
 * themselves.
 */
const LEAF =
  /^(?:RelationV2|Relation|LogicalRelation|DataSourceV2Relation|HiveTableRelation|View|LogicalRDD|ExternalRDD|StreamingRelation\w*|InMemoryRelation)\b/;
const OF_SESSION = new RegExp(
  `(?:^|[\\s\`])\`?${SESSION_CATALOG}\`?\\.\`?(?:sources|previous|collected|staged|whole|beside)\`?\\.`,
);

/**
 * `explained`: with the part "Analyzed Logical Plan". Throws `table-not-declared`: whatever else is read is
 * pinned to nothing, in no plan and in no order.
 */
export function refuseOtherReads(explained: string, spec: ProcessSpec, root: string): void {
  const strange = namesSession(spec.sql) ?? strangeRead(explained);
  if (strange === undefined) return;
  const file = relative(root, spec.file).replaceAll('\\', '/');
  const { line, column } = spec.sqlOffset;
  const aliases = spec.sources.map(({ alias }) => alias).join(', ');
  throw usageError(
    'table-not-declared',
    `${file}:${line}:${column} ${spec.processName} reads ${strange}, which is none of its sources`,
    {
      hint: `declare it under sources:, and name its alias; its query sees ${aliases}`,
      context: { process_name: spec.processName, table: strange, file, line, column },
    },
  );
}

/** The session's tables hold more than the rows of the session. */
function namesSession(sql: string): string | undefined {
  const names = sqlTokens(sql, 'spark').some(
    ({ kind, first, end }) =>
      (kind === 'word' || kind === 'quoted name') &&
      sql.slice(first, end).replaceAll(/[`"]/g, '').toLowerCase() === SESSION_CATALOG,
  );
  return names ? SESSION_CATALOG : undefined;
}

function strangeRead(explained: string): string | undefined {
  const analyzed = /== Analyzed Logical Plan ==\n([\s\S]*?)(?:\n== |$)/.exec(explained)?.[1] ?? explained;
  return analyzed
    .split('\n')
    .map((line) => line.replace(/^[\s:|+-]*/, ''))
    .find((node) => LEAF.test(node) && !OF_SESSION.test(node.replace(/^\w+\s*\[[^\]]*\]/, '')))
    ?.replace(/^\w+\s*(?:\[[^\]]*\])?\s*/, '')
    .slice(0, 100);
}
