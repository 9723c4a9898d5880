/**
 * Finds the columns of a process's query, which DuckDB prepares and does not run. Query -> names and types.
 */
import { columnTypesStatement } from '../../compile/index.ts';
import { type Engine, parseColumnType } from '../../engine/index.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import type { QueryColumn } from '../../model/column-type.ts';
import type { SqlFragment } from '../../statements/index.ts';
import { bindStep } from '../bind-step.ts';
import type { Work } from '../port.ts';
import { inferredSources } from './infer-previous.ts';

/** Throws DuckDB's complaint about the query, or `previous-column`. */
export async function describeQuery(engine: Engine, work: Work): Promise<QueryColumn[]> {
  const { plan, spec } = work;
  const ask = (sources?: SqlFragment) =>
    engine.table(bindStep({ name: 'check_query', ...columnTypesStatement(plan, spec, sources) }, {}));
  const askWithPrevious = async () => ask((await inferredSources(engine, work)).fragment);
  const { readsPrevious } = patternOf(spec);
  const { columns, rows } =
    readsPrevious && !plan.target.exists
      ? await askWithPrevious()
      : await ask().catch((error: unknown) => {
          // It may read a column of `previous` that it is about to add.
          if (!readsPrevious || spec.onSchemaChange !== 'append') throw error;
          return askWithPrevious();
        });
  return columns.map(({ name }, index) => ({ name, type: parseColumnType(String(rows[0]?.[index])) }));
}
