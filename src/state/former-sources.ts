/**
 * Finds how far a process had read sources that it names no more. Plan + target metadata -> entry of the
 * summary. Pure. Its next snapshot would say nothing of them, and whoever adopts the target later and reads
 * them would count as loaded what was never loaded.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { FOLDER_UUID } from '../model/files-source.ts';
import type { Plan, PlanSource } from '../model/plan.ts';
import { progressOfRetired, type Said, summaryOf } from './process-progress.ts';
import { SUMMARY } from './summary-keys.ts';
import { retiredProperty } from './target-properties.ts';
import type { WatermarkJson } from './watermark-json.ts';

/** `from`: the name whose progress the plan takes over. Nothing where every source is still named. */
export function formerSummary(
  plan: Plan,
  metadata: TableMetadata,
  from: string | undefined,
): Record<string, string> {
  // All rows that are there afterwards are of the sources of now.
  if (plan.restates_all === true && plan.pattern === 'stateless') return {};
  const former = readBefore(metadata, plan.process_name, from).filter(
    (each) =>
      // The ledger of files tells what was read of a folder.
      each.table_uuid !== FOLDER_UUID && !plan.sources.some((source) => isReadOn(plan, source, each)),
  );
  return former.length === 0 ? {} : { [SUMMARY.formerWatermarks]: JSON.stringify(former) };
}

/** What the process, or the one in whose place it stands, had read by its last snapshot. */
function readBefore(metadata: TableMetadata, processName: string, from: string | undefined): WatermarkJson[] {
  const last = summaryOf(metadata, processName);
  const own = (from === undefined ? last : summaryOf(metadata, from))?.summary;
  const retired =
    last === undefined && retiredProperty(processName) in (metadata.properties ?? {})
      ? progressOfRetired(metadata).find((each) => each.processName === processName)
      : undefined;
  const left = (each: WatermarkJson): boolean => retired?.settled.includes(each.table) !== true;
  return [
    ...(own === undefined ? [] : watermarksIn(own)),
    ...(retired === undefined ? [] : watermarksIn(retired.summary).filter(left)),
  ];
}

const watermarksIn = (summary: Said): WatermarkJson[] =>
  [SUMMARY.watermarks, SUMMARY.formerWatermarks].flatMap(
    (key) => JSON.parse(summary[key] ?? '[]') as WatermarkJson[],
  );

/**
 * Whether the plan says of the source how far it is read. A process of hours may name one that it has not
 * read anew yet; one without hours adopts it at a place that somebody named.
 */
function isReadOn({ pattern }: Plan, { table, head, watermark }: PlanSource, former: WatermarkJson): boolean {
  const position = head ?? watermark;
  const isNamed =
    table.toLowerCase() === former.table.toLowerCase() || position?.table_uuid === former.table_uuid;
  return isNamed && (position !== null || pattern === 'stateless');
}
