/**
 * Serves the tables of a process's next session to other programs, read-only, under the catalog of this
 * workspace. Process + hours -> view.
 */
import { usageError } from '../model/errors.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { servedName } from '../model/session-branch.ts';
import { openLook } from '../run/drivers/look.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { type CompileRequest, filesNote } from './compile-process.ts';
import { isReadable, planLook, readsFiles } from './plan-look.ts';

export interface ServedSession {
  readonly uri: string;
  readonly token: string;
  /** The name to attach: `session@<process>`. */
  readonly warehouse: string;
  /** The engine's statement for it, under the name that `psyberg compile` uses. It holds the token. */
  readonly attach: string;
  readonly notes: readonly string[];
  /** Takes the tables away again; it has when this resolves. */
  close(): Promise<void>;
}

/** Throws `source-missing` where a source is not there yet, and what `planLook` throws. */
export async function serveSession(
  workspace: Workspace,
  spec: ProcessSpec,
  { hours }: CompileRequest,
): Promise<ServedSession> {
  if (readsFiles(spec))
    throw usageError('usage', filesNote(spec), { context: { process_name: spec.processName } });
  const look = await planLook(workspace, spec, hours);
  if (!isReadable(look))
    throw usageError('source-missing', look.notes.join('; '), {
      hint: 'serve the session once the source is there',
      context: { process_name: spec.processName },
    });
  const { uri, token } = workspace.catalog;
  const warehouse = servedName(spec.processName);
  const ports = await workspace.ports(spec);
  const attach = ports.workload.dialect.look.attach({ warehouse, uri, token });
  const { close } = await openLook(ports, { plan: look.plan, spec, name: warehouse, whole: true });
  return { uri, token, warehouse, attach, notes: look.notes, close };
}
