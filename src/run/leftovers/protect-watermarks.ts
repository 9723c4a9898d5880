/**
 * Moves the tag on each source that keeps the snapshot of the process's watermark from being expired: with
 * that snapshot it can always be told what was removed since. Positions -> tags. Best effort, in a commit of
 * its own after publishing: a source that is read-only or busy must not hold up a session, and the next
 * session moves a tag that stayed behind. Only metadata is written.
 */
import type { CatalogClient } from '../../catalog/client/catalog-client.ts';
import { PsybergError } from '../../model/errors.ts';
import { parseTableName, protectionTag } from '../../model/names.ts';
import type { Plan, PlanPosition, PlanSource } from '../../model/plan.ts';

/** Tries on a source that others commit to at the same time. */
const ATTEMPTS = 3;

/**
 * The sources whose tag is at the wrong snapshot, each with the right position. `published`: the plan was
 * published, so its heads are now the watermarks.
 */
function unprotected(
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

/** Moves the tags. Never throws; reports through `onStep` what could not be protected. */
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
