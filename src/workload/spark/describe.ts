/** What Spark says of a process's query before it runs. Work -> its columns, and how it takes rows. */
import { patternOf } from '../../kinds/patterns/index.ts';
import type { QueryColumn } from '../../model/column-type.ts';
import { statement, userQueryFragment } from '../../statements/index.ts';
import { settled } from '../asked-ahead.ts';
import type { BesideSessions, Work } from '../port.ts';
import { columnTypeOf } from './connect/types.ts';
import { checkedQuery, previousInferred } from './infer-previous.ts';
import { refuseOtherReads } from './reads.ts';
import { takesRowsAlone } from './rows-alone.ts';
import type { AttachedSpark } from './session.ts';

type BoundStatement = Parameters<BesideSessions['columns']>[1];

export interface DescribedQuery {
  readonly columns: readonly QueryColumn[];
  /** Of a process without hours: whether it is sure that it takes each row alone. */
  readonly isOfRowsAlone: boolean;
}

/** Of the query, resolved and not run. Throws `table-not-declared`, and Spark's complaint. */
export async function describedOnSpark(spark: AttachedSpark, work: Work): Promise<DescribedQuery> {
  const { plan, spec } = work;
  const infers = patternOf(spec).readsPrevious && !plan.target.exists;
  const previous = infers ? await previousInferred(spark, plan, spec) : undefined;
  const { columns, explained } = await resolved(spark, work, checkedQuery(plan, spec, previous));
  return { columns, isOfRowsAlone: takesRowsAlone(explained, plan.rows_stand_alone === true) };
}

/** The columns of a query that has the process's own in it, where that reads its sources alone. */
export const columnsResolved = async (
  spark: AttachedSpark,
  work: Pick<Work, 'spec' | 'root'>,
  query: BoundStatement,
): Promise<QueryColumn[]> => (await resolved(spark, work, query)).columns;

async function resolved(
  spark: AttachedSpark,
  { spec, root }: Pick<Work, 'spec' | 'root'>,
  query: BoundStatement,
): Promise<{ readonly columns: QueryColumn[]; readonly explained: string }> {
  // Side by side; of a query that is wrong the columns are what tells where.
  const explaining = settled(spark.explain(withoutRows(query)));
  const described = await spark.columns(query);
  const explained = await explaining();
  refuseOtherReads(explained, spec, root);
  return { columns: described.map(({ name, type }) => ({ name, type: columnTypeOf(type) })), explained };
}

/** Spark plans how files are read before it explains anything; of no rows there is nothing to plan. */
const withoutRows = (bound: BoundStatement): BoundStatement => ({
  ...bound,
  sql: statement('spark/without_rows', { query: userQueryFragment(bound.sql) }).sql,
});
