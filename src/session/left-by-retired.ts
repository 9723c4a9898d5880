/**
 * Finds what processes that were retired had not loaded into a target yet. Target metadata + sources ->
 * hours. Pure. A process that adopts the target would otherwise count them as loaded, and nobody would ever
 * load them.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import type { Hour } from '../model/hour.ts';
import { union } from '../model/hour-sets.ts';
import { tableName } from '../model/names.ts';
import type { SourceState } from '../model/session.ts';
import { progressOfRetired, watermarkFor } from '../state/process-progress.ts';

/** The hours that retired processes owed to a source when they ended. */
export const owedByRetired = (target: TableMetadata, { spec, head }: SourceState): Hour[] =>
  union(
    progressOfRetired(target).map(
      ({ progress }) =>
        watermarkFor(progress, { name: tableName(spec.table), tableUuid: head?.tableUuid })?.owedHours ?? [],
    ),
  );
