/**
 * DuckDB as the engine that works on rows: on the connection that the session's metadata are read with, too.
 */
import { DUCKDB, SESSION_CATALOG } from '../../compile/index.ts';
import type { Engine } from '../../engine/index.ts';
import type { ComputeHoursStep } from '../../model/step.ts';
import { bindStep } from '../bind-step.ts';
import type { CountedRow, Workload } from '../port.ts';
import { createFromQuery } from './create-target.ts';
import { describeQuery } from './describe-query.ts';
import { lookAt, lookShape } from './look.ts';
import { mapAuditError, mapSqlError } from './sql-error.ts';
import { stageRows } from './stage-rows.ts';

export const duckdbWorkload = (engine: Engine): Workload => ({
  dialect: DUCKDB,
  attach: (catalog) => engine.attach({ name: SESSION_CATALOG, ...catalog }),
  detach: () => engine.detach(SESSION_CATALOG),
  describe: (work) => describeQuery(engine, work),
  create: (work, step) => createFromQuery(engine, work, step),
  compute: (step) => computeHours(engine, step),
  stage: (work, step, to) => stageRows(engine, work, step, to),
  count: (step) => engine.query<CountedRow>(bindStep(step, {})),
  audit: (step, keptRows) => engine.query(bindStep(step, { 'kept-rows': keptRows })),
  shape: (work, targetColumns) => lookShape(engine, work, targetColumns),
  look: (rows, onStep) => lookAt(engine, rows, onStep),
  lookForNothing: async (step) => (await engine.query(bindStep(step, {}))).map(({ alias }) => String(alias)),
  placed: (work, error) => mapSqlError(error, work),
  placedInAudit: (work, audit, columns, error) => mapAuditError(error, work, audit, columns),
  resume: () => engine.resume(),
});

/**
 * Computes a dimension hour by hour into a temporary table. One transaction holds the hours together: without
 * it DuckDB loads every source's metadata again for each. Measured on 2026-11-22 for 32 to 78 hours on a busy
 * machine: staging each hour on the branch 185 ms an hour, this 14 ms.
 */
async function computeHours(engine: Engine, step: ComputeHoursStep): Promise<bigint> {
  try {
    if (step.kind === 'end-hours') {
      await engine.commit();
      return 0n;
    }
    if (step.kind === 'begin-hours') await engine.begin();
    const rows = await engine.execute(bindStep(step, {}));
    return step.kind === 'compute-hour' ? rows : 0n;
  } catch (error) {
    // Cleaning up needs statements, and a failed transaction takes none.
    await engine.rollback();
    throw error;
  }
}
