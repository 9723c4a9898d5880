/**
 * Whether a query takes each row alone, by Spark's own plan of it as it was resolved: aggregates that others
 * have written are in it, and what no other parser reads. Explained query -> true, where it is sure. Pure.
 */

/** What gives for one row no, one or several ones, wherever the others are. */
const OF_ONE_ROW: ReadonlySet<string> = new Set([
  ...['CTERelationDef', 'CTERelationRef', 'Filter', 'PipeOperator', 'Project', 'RelationV2'],
  ...['RebalancePartitions', 'Repartition', 'RepartitionByExpression', 'ResolvedHint', 'Sort'],
  ...['SubqueryAlias', 'UnresolvedHint', 'WithCTE'],
]);
/** Where these put rows together, or add some, every parser of SQL reads it. */
const READ_BY_ALL: ReadonlySet<string> = new Set(['Join', 'LateralJoin', 'OneRowRelation', 'Union']);
/** Of the functions that make several rows those that keep nothing of the row before. */
const GENERATORS = /^Generate (?:outer )?(?:explode|inline|json_tuple|posexplode|stack)\(/;

/**
 * `explained`: with the part "Analyzed Logical Plan". `isReadAlone`: another parser has found nothing in it
 * that takes rows together.
 */
export function takesRowsAlone(explained: string, isReadAlone: boolean): boolean {
  const nodes = analyzedNodes(explained);
  return (
    nodes.length > 0 &&
    nodes.every((node) => {
      const [name = ''] = /^\w+/.exec(node) ?? [];
      return OF_ONE_ROW.has(name) || GENERATORS.test(node) || (isReadAlone && READ_BY_ALL.has(name));
    })
  );
}

/** The lines of the plan as it was resolved, each from its node on; none where there is no such part. */
function analyzedNodes(explained: string): string[] {
  const analyzed = /== Analyzed Logical Plan ==\n([\s\S]*?)(?:\n== |$)/.exec(explained)?.[1];
  // The first line names the columns.
  const [, ...lines] = (analyzed ?? '').split('\n');
  return lines.filter((line) => line !== '').map((line) => line.replace(/^[\s:|+-]*/, ''));
}
