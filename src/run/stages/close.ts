/**
 * The last stage: deletes files that nothing refers to, protects the watermarks from expiry, and removes the
 * session's view and files. Published -> nothing. A failure here does not undo the publish: the next session
 * cleans up.
 */

import { removeBeside } from '../../files/remove.ts';
import { giveUp } from '../../markers/session-marker.ts';
import { assertNever } from '../../model/errors.ts';
import { tablesAmong } from '../../model/files-source.ts';
import type { StepOf } from '../../model/step.ts';
import { removeTag } from '../../state/drop-tag.ts';
import { closeSession, detachSession, dropSessionsOfEndedName } from '../leftovers/clean-up.ts';
import { protectWatermarks } from '../leftovers/protect-watermarks.ts';
import type { Published } from '../session.ts';
import { duringStage, foldSteps } from './fold-steps.ts';

/** Closes the session. Never throws: what could not be cleaned up is reported, and left. */
export async function closeStage(published: Published): Promise<void> {
  const { plan, ports } = published;
  const closing = (): Promise<Published> => foldSteps(published, 'cleanup', closeStep);
  await duringStage(published, 'close', closing).catch(async (error: unknown) => {
    ports.onStep(`${plan.process_name}: published, and not cleaned up after: ${String(error)}`);
    // Otherwise every later session of the process would wait for this one, here and in other processes.
    giveUp(published.directory);
    await detachSession(published).catch(() => undefined);
  });
}

async function closeStep(published: Published, step: StepOf<'cleanup'>): Promise<Published> {
  const { ports, plan, obsolete } = published;
  switch (step.kind) {
    case 'protect-watermarks':
      await protectWatermarks(ports, plan, true);
      return published;
    case 'end-name':
      await endName(published, step.ended);
      return published;
    case 'close-session':
      // After the commit of the tags, not beside it: that would need one more connection to a store, and
      // opening one takes as long as waiting for the answer.
      removeBeside([...obsolete.lists, ...obsolete.stateFiles]);
      await closeSession(published);
      return published;
    default:
      return assertNever(step);
  }
}

/** Removes what the ended name left. What cannot be removed is reported here, and by `psyberg doctor`. */
async function endName({ ports, spec }: Published, ended: string): Promise<void> {
  await dropSessionsOfEndedName(ports, spec.target.table, ended).catch((error: unknown) =>
    ports.onStep(`${ended}: what its sessions left stays: ${String(error)}`),
  );
  for (const { table } of tablesAmong(spec.sources)) await removeTag(ports, table, ended);
}
