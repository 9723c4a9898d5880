/** `vtts: { property: <key> }`: complete up to an instant that the source's writer puts into its commits. */
import { usageError } from '../../model/errors.ts';
import type { Hour } from '../../model/hour.ts';
import { tableName } from '../../model/names.ts';
import type { VttsSpec } from '../../model/process-spec.ts';
import { filled } from '../shapes.ts';
import { calendarMs, completeHour, epochMs } from './instants.ts';
import type { AskedSource, VttsKind } from './vtts-kind.ts';

export interface PropertyVtts extends VttsSpec {
  /** The key in the summaries of snapshots. */
  readonly key: string;
}

export const property: VttsKind<PropertyVtts> = {
  form: '{property: <summary key>}',
  argument: {
    shape: filled,
    meaning: 'A key of the snapshot summaries that holds a timestamp; an hour counts when it ends by then.',
    read: (key) => ({ key }),
  },
  isFree: false,
  isOfHead: true,
  ask,
};

/**
 * Looked up through the ancestors: a compaction or a small fix carries no such key, the writer's commit
 * before it does.
 */
function ask({ key }: PropertyVtts, source: AskedSource): Hour | undefined {
  for (const snapshot of source.snapshots()) {
    const text = snapshot.summary?.[key];
    if (text === undefined) continue;
    const instantMs = /^-?\d+$/.test(text) ? epochMs(text) : calendarMs(text);
    if (instantMs !== undefined) return completeHour(instantMs);
    throw notAnInstant(source, { key, text, snapshotId: snapshot['snapshot-id'] });
  }
  return undefined;
}

function notAnInstant(
  { table: asked, processName }: AskedSource,
  { key, text, snapshotId }: { readonly key: string; readonly text: string; readonly snapshotId: bigint },
): Error {
  const table = tableName(asked);
  return usageError(
    'vtts-invalid',
    `the snapshot property '${key}' of ${table}, from which ${processName} learns how far it is complete, is '${text}' (snapshot ${snapshotId}), expected epoch milliseconds from 1973 to 9999 or an ISO 8601 timestamp`,
    {
      hint: 'have its writer state milliseconds (not seconds or microseconds), or name another property in vtts, or use vtts: bounds',
      context: {
        table,
        process_name: processName,
        property: key,
        found: text,
        snapshot_id: String(snapshotId),
      },
    },
  );
}
