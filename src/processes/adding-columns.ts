/** Changes a process for a restate, which may add columns. ProcessSpec -> ProcessSpec. Pure. */
import type { ProcessSpec } from '../model/process-spec.ts';

/**
 * A restate mostly follows a change of the SQL, so columns that it newly returns are added to the target,
 * even if an ordinary session would refuse them. Columns that it no longer returns are refused as before.
 */
export const addingColumns = (spec: ProcessSpec): ProcessSpec =>
  spec.onSchemaChange === 'refuse'
    ? { ...spec, onSchemaChange: 'append', refusesMissingColumns: true }
    : spec;
