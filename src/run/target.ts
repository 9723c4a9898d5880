/** How the files of a session's target are laid out. Target -> FileLayout, or a refusal before anything is written. */
import { fileLayoutOf, isLayout } from '../iceberg/file-layout.ts';
import type { FileLayout } from '../model/file-layout.ts';
import { usageError } from '../model/errors.ts';
import { type RunContext, loadTarget } from './context.ts';

/**
 * The layout that the plan was made with, or that of a target which this session has created.
 * @throws PsybergError `target-not-writable` with what is in the way.
 */
export async function targetLayout(context: RunContext): Promise<FileLayout> {
  const { target } = context.plan;
  if (target.exists && target.layout !== null) return target.layout;
  const layout = fileLayoutOf((await loadTarget(context)).metadata);
  if (isLayout(layout)) return layout;
  throw usageError(
    'target-not-writable',
    `the target ${target.table} cannot be written: ${layout.obstacle}`,
    { hint: layout.hint, context: { target: target.table } },
  );
}
