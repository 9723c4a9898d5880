/** Finds the live data files of a source that may hold rows of some hours. Snapshot + hours -> files. */
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import type { HourIntervals } from '../../model/hour.ts';
import type { StatementRow } from '../../statements/index.ts';
import { filesOfHours, manifestsOfHours } from '../../tables/read/files-of-hours.ts';
import type { ManifestRow } from '../../tables/read/manifest-list.ts';
import type { Source } from '../source.ts';

/** What was looked through: data files, of which two columns were read, and their whole size. */
export interface FilesRead {
  readonly files: number;
  readonly bytes: bigint;
}

/** None of a source without an event time. */
export async function sourceFilesOfHours(
  { engine, metadata, eventTime }: Source,
  asked: {
    readonly snapshot: Snapshot;
    readonly manifests: readonly ManifestRow[];
    readonly hours: HourIntervals;
  },
): Promise<StatementRow<'tables/files_in_hours'>[]> {
  if (eventTime === undefined) return [];
  const { column, unit } = eventTime;
  const { hours } = asked;
  const manifests = await manifestsOfHours(engine, { ...asked, metadata, fieldId: column.id });
  return filesOfHours(engine, {
    metadata,
    manifests,
    column: { fieldId: column.id, type: String(column.type), unit },
    hours,
  });
}
