/**
 * Opens the session in which a renamed process takes over the progress of its former name. Old name ->
 * Session whose heads are that name's watermarks, and what it owes. Reads only.
 */
import { usageError } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { SourceSpec } from '../model/process-spec.ts';
import type { Session, SourceState } from '../model/session.ts';
import { type ProcessProgress, watermarkFor } from '../state/process-progress.ts';
import { nothingToTakeOver, refuseAdoption, refuseNameInUse, refuseSettled } from './refuse-adoption.ts';
import { refuseOtherGrain } from './refuse-other-grain.ts';
import { refuseOtherPattern } from './refuse-other-pattern.ts';
import type { OpenSessionInput } from './session-input.ts';
import { sessionOf } from './session-of.ts';
import { NOTHING_NEW, protectionFacts } from './source-facts.ts';
import { targetProgress } from './target-progress.ts';
import { asOfWatermark } from './watermark-facts.ts';

/**
 * Throws `target-missing`, `target-has-history`, `adopt-from-in-use`, `adopt-from-unknown`,
 * `grain-changed`, `pattern-changed`, and what reading the old name's progress throws (`target-rewound`,
 * `watermark-lost`).
 */
export async function openTakeover(
  input: Omit<OpenSessionInput, 'adoptAt' | 'views' | 'endpoint' | 'verified'>,
  from: string,
): Promise<Session> {
  const { spec, project, catalog } = input;
  refuseNameInUse(project, spec, from);
  const target = (await catalog.loadTable(spec.target.table))?.metadata;
  const own =
    target === undefined
      ? undefined
      : await targetProgress({ ...input, adoptAt: () => ({ kind: 'now' }) }, target, spec.processName);
  refuseAdoption(spec, target, own);
  const progress = await targetProgress(input, target, from);
  if (progress === undefined) throw nothingToTakeOver(spec, target, from);
  refuseSettled(spec, target, from);
  refuseOtherGrain(spec, progress);
  refuseOtherPattern(spec, { progress, target, from });
  const sources = await Promise.all(spec.sources.map((source) => sourceAt(input, source, progress)));
  // If no watermark fits a source of today, the process would be left without any.
  if (sources.every((source) => source.head === undefined))
    throw usageError(
      'adopt-from-unknown',
      `${from} has read none of the sources of ${spec.processName}: it read ${progress.watermarks.map((each) => each.table).join(', ')}`,
      {
        hint: `if the target holds all rows of its sources run "psyberg adopt ${spec.processName}"`,
        context: { process_name: spec.processName, from, target: tableName(spec.target.table) },
      },
    );
  return sessionOf(input, { sources, target, progress });
}

/**
 * A source as the old name left it. One that the old name did not read begins like any source that is added
 * to a process.
 */
async function sourceAt(
  { spec: processSpec, catalog }: Pick<OpenSessionInput, 'spec' | 'catalog'>,
  spec: SourceSpec,
  progress: ProcessProgress,
): Promise<SourceState> {
  const metadata = (await catalog.loadTable(spec.table))?.metadata;
  const watermark = watermarkFor(progress, {
    name: tableName(spec.table),
    tableUuid: metadata?.['table-uuid'],
  });
  // If `on_change` of a lookup is another one now, what the watermark says of its changes does not hold any
  // more.
  const known = watermark?.onChange === spec.lookup?.onChange ? watermark : undefined;
  return Object.freeze({
    ...NOTHING_NEW,
    spec,
    awaited: metadata === undefined,
    ...protectionFacts(metadata, processSpec),
    ...(known === undefined ? {} : asOfWatermark(known)),
  });
}
