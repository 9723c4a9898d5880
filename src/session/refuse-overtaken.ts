/**
 * Refuses a target that another process has meanwhile continued. Target metadata + progress -> nothing, or a
 * refusal. Pure. If a process was renamed, adopted its target and was renamed back, it would append once more
 * what was loaded under the other name.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import type { Watermark } from '../model/session.ts';
import { settledOf } from '../state/noted-left.ts';
import { type ProcessProgress, progressOfAll } from '../state/process-progress.ts';

/** Each session reads a lookup whole, whoever has read it before. */
const isOfLookup = ({ sources }: ProcessSpec, { table }: Watermark): boolean =>
  sources.some(
    (each) => each.lookup !== undefined && tableName(each.table).toLowerCase() === table.toLowerCase(),
  );

/**
 * Throws `target-not-empty` when a name that is no process of the project has read a source of a stateless
 * process further than the process itself, for the same target, or has adopted it since. Those that
 * overwrite hours compute them anew in any case.
 */
export function refuseOvertakenProgress(
  project: ProjectSpec,
  spec: ProcessSpec,
  { target, progress }: { readonly target: TableMetadata; readonly progress: ProcessProgress },
): void {
  if (patternOf(spec).operation !== 'append' || spec.target.existingRows === 'keep') return;
  const known = new Set(project.processes.map((each) => each.processName));
  const all = progressOfAll(target);
  for (const other of all) {
    if (known.has(other.processName)) continue;
    const ahead = other.progress.watermarks.find((theirs) =>
      progress.watermarks.some(
        (own) =>
          !isOfLookup(spec, own) &&
          own.tableUuid === theirs.tableUuid &&
          own.sequenceNumber < theirs.sequenceNumber,
      ),
    );
    if (ahead === undefined) continue;
    const name = tableName(spec.target.table);
    throw refusal(
      'target-not-empty',
      `${other.processName} has loaded ${ahead.table} into ${name} up to snapshot ${ahead.snapshotId}, further than ${spec.processName}, whose next session could load those rows once more`,
      {
        hint: `if ${other.processName} stands for ${spec.processName}, rename the process back to it; if both load rows of their own, write existing_rows: keep under target: in its header; else drop ${name} and load it anew`,
        context: { process_name: spec.processName, target: name, published_by: [other.processName] },
      },
    );
  }
  // Last, since a process that is ahead has a name to tell.
  const settled = settledOf(target, spec.processName, all);
  if (settled.length > 0) throw settledSince(spec, settled);
}

/** The refusal of a process that was away while another one adopted its target, which may be gone by now. */
function settledSince(spec: ProcessSpec, settled: readonly string[]): Error {
  const { processName } = spec;
  const name = tableName(spec.target.table);
  return refusal(
    'target-not-empty',
    `another process has adopted ${name} since the last session of ${processName}, and gone on with ${settled.join(', ')}: ${processName} could load those rows once more`,
    {
      hint: `run "psyberg retire ${processName}" and "psyberg adopt ${processName}" to go on where the last process stopped; or drop ${name} and load it anew`,
      context: { process_name: processName, target: name },
    },
  );
}
