/** Runs a look in DuckDB: what a query returns, read and not written. Steps -> rows. */
import type { LookRows, LookShape } from '../../compile/index.ts';
import type { Engine, ResultRows } from '../../engine/index.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { bindStep } from '../bind-step.ts';
import type { Work } from '../port.ts';
import { describeQuery } from './describe-query.ts';
import { inferredSources } from './infer-previous.ts';

/** `targetColumns`: none where it is not there. Throws what is wrong with the query. */
export async function lookShape(
  engine: Engine,
  work: Work,
  targetColumns: readonly string[],
): Promise<LookShape> {
  const columns = await describeQuery(engine, work);
  const known = new Set(targetColumns.map((name) => name.toLowerCase()));
  const fitsTarget = work.plan.target.exists && columns.every(({ name }) => known.has(name.toLowerCase()));
  const infers = patternOf(work.spec).readsPrevious && !fitsTarget;
  return {
    columns,
    fitsTarget,
    ...(infers ? { inferred: await inferredSources(engine, work) } : {}),
  };
}

/**
 * The hours of a dimension are computed in a transaction that is taken back: the table that holds them is
 * nobody's afterwards, and the sources' metadata is loaded once.
 */
export async function lookAt(
  engine: Engine,
  { before, rows }: LookRows,
  onStep: (name: string) => void,
): Promise<ResultRows> {
  if (before.length === 0) return engine.shown(bindStep(rows, {}));
  await engine.begin();
  try {
    for (const step of before) {
      onStep(step.name);
      await engine.execute(bindStep(step, {}));
    }
    return await engine.shown(bindStep(rows, {}));
  } finally {
    await engine.rollback();
  }
}
