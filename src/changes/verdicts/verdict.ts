/**
 * The types of verdicts. A verdict says what a change of a source means to a process: whether it counts, and
 * which files and hours it touches. One file each, whose head comment is the rule; `find-changes.ts` asks
 * them in order.
 */
import { operationOf } from '../../iceberg/history.ts';
import type { SnapshotId } from '../../iceberg/table-metadata.ts';
import type { ChangedFile, SnapshotChange } from '../../model/session.ts';
import type { Evidence, SnapshotEvidence } from '../evidence.ts';
import type { Reader } from '../source.ts';

/** One snapshot, judged. */
export interface Judged {
  readonly change: SnapshotChange;
  /** Its files that count, with the hours in which their rows differ. */
  readonly files: readonly ChangedFile[];
}

/** All snapshots between watermark and head, judged. */
export interface JudgedGap {
  readonly changes: readonly SnapshotChange[];
  /** The files of each change, by its snapshot. */
  readonly bySnapshot: ReadonlyMap<SnapshotId, readonly ChangedFile[]>;
  /** True when files were compared across snapshots: then only their paths tell which are new. */
  readonly across: boolean;
}

/**
 * A rule for one snapshot. Returns undefined if it does not apply or cannot tell; then the next rule is
 * asked.
 */
export type SnapshotVerdict = (
  reader: Reader,
  seen: SnapshotEvidence,
  evidence: Evidence,
) => Judged | undefined | Promise<Judged | undefined>;

/** A snapshot's change for the plan: what it did, whether it counts, and why. */
export function changeOf(
  { snapshot, counts }: Pick<SnapshotEvidence, 'snapshot' | 'counts'>,
  { counted, reason }: { readonly counted: boolean; readonly reason: string | undefined },
): SnapshotChange {
  return {
    snapshotId: snapshot['snapshot-id'],
    operation: operationOf(snapshot),
    committedAtMs: snapshot['timestamp-ms'],
    counted,
    ...(reason === undefined ? {} : { reason }),
    ...counts,
  };
}

/** The verdict that a snapshot does not count. */
export const noNews = (seen: SnapshotEvidence, reason: string): Judged => ({
  change: changeOf(seen, { counted: false, reason }),
  files: seen.files,
});

/** What the plan says about a snapshot besides its operation. */
export const reasonOf = ({ undone, rowDeletes }: SnapshotEvidence): string | undefined =>
  undone ? 'rolled back' : ROW_DELETES[rowDeletes];

export const ROW_DELETES: Readonly<Record<SnapshotEvidence['rowDeletes'], string | undefined>> = {
  none: undefined,
  hit: 'deletes single rows; their hours were found by comparing the files that they were in',
  new: 'deletes single rows that came since the watermark',
  missed: 'deletes no row that was there',
};

/** Judges each snapshot by the first verdict that applies. The last verdict must always apply. */
export async function judgeEach(
  verdicts: readonly SnapshotVerdict[],
  reader: Reader,
  evidence: Evidence,
): Promise<JudgedGap> {
  const judged: Judged[] = [];
  for (const seen of evidence.snapshots)
    for (const verdict of verdicts) {
      const found = await verdict(reader, seen, evidence);
      if (found === undefined) continue;
      judged.push(found);
      break;
    }
  return {
    changes: judged.map((each) => each.change),
    bySnapshot: new Map(judged.map((each) => [each.change.snapshotId, each.files])),
    across: false,
  };
}
