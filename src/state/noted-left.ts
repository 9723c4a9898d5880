/**
 * Keeps with a target what a process that is gone has left of its sources, beyond the snapshots that say it:
 * a property outlives them. Progress -> text, and back. Pure.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import { isPattern, type ProcessProgress, progressOfAll } from './process-progress.ts';
import { SUMMARY } from './summary-keys.ts';
import { watermarkJson } from './tables/high-water-mark.ts';
import { isRetired, lastSessionProperty, leftProperty, publishedProperty } from './target-properties.ts';
import { type WatermarkJson, watermarkOf } from './watermark-json.ts';

/** What is noted of a process. */
export interface NotedLeft {
  readonly processName: string;
  readonly isRetired: boolean;
  /** Undefined where nobody knew it any more. */
  readonly progress: ProcessProgress | undefined;
  /** Names of tables of its watermarks: those with which another process has gone on since. */
  readonly settled: readonly string[];
}

interface NotedJson {
  readonly table_uuid: string;
  readonly session: string;
  readonly pattern?: string;
  readonly watermarks: readonly WatermarkJson[] | null;
  readonly former?: readonly WatermarkJson[];
  readonly settled: readonly string[];
}

/** The value of `leftProperty`. `lastSession`: the last one of the process. */
export function leftText(
  metadata: TableMetadata,
  {
    progress,
    settled,
    lastSession,
  }: {
    readonly progress: ProcessProgress | undefined;
    readonly settled: readonly string[];
    readonly lastSession: string;
  },
): string {
  const noted: NotedJson = {
    table_uuid: metadata['table-uuid'],
    session: lastSession,
    ...(progress?.pattern === undefined ? {} : { pattern: progress.pattern }),
    watermarks: progress?.watermarks.map(watermarkJson) ?? null,
    ...(progress?.former === undefined ? {} : { former: progress.former.map(watermarkJson) }),
    settled,
  };
  return JSON.stringify(noted);
}

/**
 * What is noted on the table of processes that have published nothing since. Throws `watermark-unreadable`.
 */
export function notedLeft(metadata: TableMetadata): NotedLeft[] {
  const prefix = leftProperty('');
  const { properties = {}, 'table-uuid': uuid } = metadata;
  return Object.entries(properties).flatMap(([key, text]): NotedLeft[] => {
    if (!key.startsWith(prefix)) return [];
    const processName = key.slice(prefix.length);
    const noted = parseNoted(key, text);
    const isPublished = properties[publishedProperty(processName)] === uuid;
    const isOutdated = isPublished && (properties[lastSessionProperty(processName)] ?? '') > noted.session;
    // A copy of a table's properties says nothing of the copy.
    if (noted.table_uuid !== uuid || isOutdated) return [];
    const summary = { [SUMMARY.processName]: processName, [SUMMARY.sessionId]: noted.session };
    return [
      {
        processName,
        isRetired: isRetired(metadata, summary),
        progress: noted.watermarks === null ? undefined : progressOf(noted),
        settled: noted.settled,
      },
    ];
  });
}

function progressOf({ pattern, watermarks, former }: NotedJson): ProcessProgress {
  return {
    watermarks: (watermarks ?? []).map(watermarkOf),
    ...(former === undefined ? {} : { former: former.map(watermarkOf) }),
    ...(isPattern(pattern) ? { pattern } : {}),
  };
}

function parseNoted(key: string, text: string): NotedJson {
  try {
    return JSON.parse(text) as NotedJson;
  } catch (error) {
    throw refusal(
      'watermark-unreadable',
      `the property ${key} is not readable: ${(error as Error).message}`,
      {
        hint: `write it as it was, or remove it from the table`,
        cause: error,
      },
    );
  }
}

/**
 * The sources of a process with which another one has gone on since, whether snapshots or only a property
 * tells. Names of tables. `all`: what the table's history says, for who has gone through it already.
 */
export function settledOf(
  metadata: TableMetadata,
  processName: string,
  all = progressOfAll(metadata),
): readonly string[] {
  const isIts = (each: { readonly processName: string }): boolean => each.processName === processName;
  return (all.find(isIts) ?? notedLeft(metadata).find(isIts))?.settled ?? [];
}
