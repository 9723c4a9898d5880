/** Verifies several processes, each for itself. Names -> Verification[]. Writes nothing. */
import { PsybergError } from '../../model/errors.ts';
import { parseHourRange } from '../../model/hour-range.ts';
import { tableName } from '../../model/names.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { Verification } from '../../model/verification.ts';
import { processesInDependencyOrder } from '../../project/dependency-order.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';
import { verifyProcess } from './verify-process.ts';

export interface VerifyRequest {
  /** As `--hours` takes them, both ends included; default: all complete hours. */
  readonly hours?: string;
  /** At most this many rows of each kind in a sample; default: 10. */
  readonly sampleRows?: number;
}

const SAMPLE_ROWS = 10;

/**
 * Verifies processes by name; default: all, in dependency order. An error that keeps one from being compared
 * is in its verification. Throws `process-unknown`, `hours-invalid` if the hours cannot be read, and
 * `interrupted`.
 */
export async function verifyProcesses(
  workspace: Workspace,
  names: readonly string[] | undefined,
  request: VerifyRequest,
): Promise<Verification[]> {
  const hours = request.hours === undefined ? undefined : parseHourRange(request.hours);
  const specs = processesInDependencyOrder(workspace.project, names);
  const isNamed = names !== undefined && names.length > 0;
  const verifications: Verification[] = [];
  for (const [done, spec] of specs.entries()) {
    workspace.onProgress({
      ...{ kind: 'parts', subject: spec.processName, action: 'verify', unit: 'process' },
      ...{ done, total: specs.length },
    });
    const asked = { hours, keptRows: request.sampleRows ?? SAMPLE_ROWS };
    verifications.push(
      await verifyProcess(workspace, spec, asked).catch((error: unknown) => failed(spec, error, isNamed)),
    );
  }
  return verifications;
}

/** A process that never ran counts as failed only if it was named. */
function failed(spec: ProcessSpec, error: unknown, isNamed: boolean): Verification {
  if (!(error instanceof PsybergError) || error.kind === 'interrupted') throw error;
  const isUnpublished = error.code === 'not-published';
  return {
    process_name: spec.processName,
    target: tableName(spec.target.table),
    status: isUnpublished ? 'not-published' : 'failed',
    range: null,
    hours_compared: 0,
    rows_expected: '0',
    rows_found: '0',
    missing: '0',
    extra: '0',
    hours: [],
    owed_hours: [],
    sample: { missing: [], extra: [] },
    snapshot_id: null,
    notes: isUnpublished && !isNamed ? [error.message] : [],
    error: isUnpublished && !isNamed ? null : error.toJSON(),
  };
}
