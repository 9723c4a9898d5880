/** Changes a process for a restate, which may add columns. ProcessSpec -> ProcessSpec. Pure. */
import type { ProcessSpec } from '../model/process-spec.ts';

/**
 * Whoever restates has changed the SQL: a column that it returns now is added to the target, also where a
 * later session would refuse it. One that it returns no more is still refused where it was.
 */
export const addingColumns = (spec: ProcessSpec): ProcessSpec =>
  spec.onSchemaChange === 'refuse'
    ? { ...spec, onSchemaChange: 'append', refusesMissingColumns: true }
    : spec;
