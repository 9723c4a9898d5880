/**
 * Checks the watermarks that a session continues from against the watermark table. Session input -> nothing,
 * or a refusal. Starts DuckDB, so only for sessions with work.
 */
import { refuseContradiction } from '../state/refuse-contradiction.ts';
import type { OpenSessionInput } from './session-input.ts';

/**
 * Throws `watermark-contradiction` when the watermark table knows of a session that the target's summaries do
 * not know, or of another end of it.
 */
export async function checkWatermarks({
  spec,
  project,
  catalog,
  engine,
}: Pick<OpenSessionInput, 'spec' | 'project' | 'catalog' | 'engine'>): Promise<void> {
  await refuseContradiction({
    engine: await engine(),
    catalog,
    highWaterMarkTable: project.tables.highWaterMarkTable,
    processName: spec.processName,
    target: spec.target.table,
  });
}
