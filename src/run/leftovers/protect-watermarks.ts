/**
 * A tag on each source keeps the snapshot of the process's watermark from being expired: what was removed
 * since can then always be told. Positions -> tags. Best effort, in a commit of its own after publishing: a
 * source that may not be written, or is busy, never holds a session up, and a tag that stayed behind is moved
 * by the next session. Only metadata is written.
 */
import type { CatalogClient } from '../../catalog/client/catalog-client.ts';
import { PsybergError } from '../../model/errors.ts';
import { parseTableName, protectionTag } from '../../model/names.ts';
import type { Plan, PlanPosition, PlanSource } from '../../model/plan.ts';

/** Tries on a source that others commit to at the same time. */
const ATTEMPTS = 3;

/**
 * The sources whose tag is not where it belongs, each with the position that it belongs to. `published`: the
 * plan's heads are the watermarks now.
 */
export function unprotected(
  plan: Plan,
  published: boolean,
): { readonly source: PlanSource; readonly position: PlanPosition }[] {
  return plan.sources.flatMap((source) => {
    const position = published ? (source.head ?? source.watermark) : source.watermark;
    // A lookup that was dropped and created again is another table, which has no such snapshot.
    const isElsewhere = source.head !== null && source.head.table_uuid !== position?.table_uuid;
    return !source.protect ||
      position === null ||
      isElsewhere ||
      position.snapshot_id === source.protected_snapshot_id
      ? []
      : [{ source, position }];
  });
}

/** Moves the tags. Never throws; what could not be protected is told through `onStep`. */
export async function protectWatermarks(
  {
    catalog,
    onStep,
  }: { readonly catalog: Pick<CatalogClient, 'commitTable'>; readonly onStep: (message: string) => void },
  plan: Plan,
  published: boolean,
): Promise<void> {
  const tag = protectionTag(plan.process_name);
  await Promise.all(
    unprotected(plan, published).map(async ({ source, position }) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await catalog.commitTable(parseTableName(source.table), {
            requirements: [{ type: 'assert-table-uuid', uuid: position.table_uuid }],
            updates: [
              {
                action: 'set-snapshot-ref',
                'ref-name': tag,
                type: 'tag',
                'snapshot-id': BigInt(position.snapshot_id),
              },
            ],
          });
          return;
        } catch (error) {
          if (error instanceof PsybergError && error.retryable && attempt < ATTEMPTS) continue;
          onStep(
            `${plan.process_name}: ${source.table} takes no tag at the watermark: ${error instanceof Error ? error.message : String(error)}`,
          );
          return;
        }
      }
    }),
  );
}
