/**
 * Finds whose rows a target holds, from its metadata. Metadata -> names of processes. Pure. A name whose
 * progress another process has taken over is no publisher any more.
 */
import { ancestors, mainSnapshot } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { progressOfAll } from './process-progress.ts';
import { SUMMARY } from './summary-keys.ts';
import { isRetired, publishedProperty } from './target-properties.ts';

const PUBLISHED = publishedProperty('');

/**
 * The names under which somebody has published to the table: in any snapshot that it still has, also in such
 * as a rollback took off `main`, and in its properties, which outlive every snapshot. Sorted.
 */
export function publishersOf(metadata: TableMetadata): string[] {
  const onMain = progressOfAll(metadata).map(({ processName }) => processName);
  const properties = namesInProperties(metadata);
  const anywhere = (metadata.snapshots ?? []).flatMap(({ summary }) =>
    summary?.[SUMMARY.processName] === undefined ||
    summary[SUMMARY.watermarks] === undefined ||
    isRetired(metadata, summary)
      ? []
      : [summary[SUMMARY.processName] as string],
  );
  // Each name once: 1,000 sessions of one process took 140 ms.
  const others = [...new Set([...properties, ...anywhere])].filter(
    (name) => heirOf(metadata, name) === undefined,
  );
  return [...new Set([...onMain, ...others])].sort();
}

/** Those that the table's properties name: they outlive every snapshot. */
export const namesInProperties = ({ properties, 'table-uuid': tableUuid }: TableMetadata): string[] =>
  Object.entries(properties ?? {}).flatMap(([key, uuid]) =>
    key.startsWith(PUBLISHED) && uuid === tableUuid ? [key.slice(PUBLISHED.length)] : [],
  );

/** The process that took the progress of `processName` over in `main`'s history; undefined when none did. */
export function heirOf(metadata: TableMetadata, processName: string): string | undefined {
  for (const { summary } of ancestors(metadata, mainSnapshot(metadata)))
    if (summary?.[SUMMARY.adoptedFrom] === processName) return summary[SUMMARY.processName];
  return undefined;
}

/** The process, and the names that it (or one of these) had before: what they loaded, it has loaded. */
export function namesEver(metadata: TableMetadata, processName: string): string[] {
  const names = [processName];
  for (const name of names)
    for (const { summary } of metadata.snapshots ?? []) {
      const before = summary?.[SUMMARY.processName] === name ? summary[SUMMARY.adoptedFrom] : undefined;
      if (before !== undefined && !names.includes(before)) names.push(before);
    }
  return names;
}

/**
 * True for a target on whose `main` there is nothing to go on from: it is as it was created, without a
 * snapshot or with none but an empty one that has no parent; or it was rolled back to there, and is loaded
 * from the beginning.
 */
export function isUntouched(metadata: TableMetadata): boolean {
  const main = mainSnapshot(metadata);
  if (main === undefined) return true;
  return (
    main['parent-snapshot-id'] === undefined &&
    liveRows(main) === 0n &&
    main.summary?.[SUMMARY.processName] === undefined
  );
}

/**
 * The live rows of a snapshot as its summary tells them (Iceberg specification, "Optional Snapshot Summary
 * Fields"); undefined when it does not, or when delete files take an unknown number off.
 */
export function liveRows({ summary }: Snapshot): bigint | undefined {
  const [rows, deletes] = ['total-records', 'total-delete-files'].map((key) => countOf(summary?.[key]));
  return rows === 0n || deletes === 0n ? rows : undefined;
}

const countOf = (text: string | undefined): bigint | undefined =>
  text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
