/** Compiles the SQL of a process's load and audits for a person to read and run. Process + hours -> texts. */
import type { CompiledTexts } from '../compile/index.ts';
import { compiledMark } from '../model/compiled-mark.ts';
import type { Plan, PlanStatus } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { complaintAbout } from '../run/columns/look-at-columns.ts';
import { withLook } from '../run/drivers/look.ts';
import { workOf } from '../run/session.ts';
import { keptRowsOf } from '../run/stages/audit.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { complainingOfSql } from './bound-complaint.ts';
import { isReadable, planLook, readsFiles } from './plan-look.ts';

export interface CompileRequest {
  /** As `--hours` takes them, both ends included; default: the next session. */
  readonly hours?: string;
}

export interface CompiledProcess extends CompiledTexts {
  readonly process_name: string;
  /** What a session would find to do; `work` with hours that were named. */
  readonly status: PlanStatus;
  /** The hours that the SQL is written for; null where it is for the rows of new files. */
  readonly range: Plan['range'];
  /** What a reader has to know of it, a sentence each. */
  readonly notes: readonly string[];
}

/** Throws what `planLook` throws, and `process-sql-failed`. Of a source that is not there texts say so. */
export const compileProcess = (
  workspace: Workspace,
  spec: ProcessSpec,
  request: CompileRequest,
): Promise<CompiledProcess> => complainingOfSql(workspace, spec, () => compiledNow(workspace, spec, request));

async function compiledNow(
  workspace: Workspace,
  spec: ProcessSpec,
  { hours }: CompileRequest,
): Promise<CompiledProcess> {
  const look = await planLook(workspace, spec, hours);
  const { plan } = look;
  const notes = readsFiles(spec) ? [filesNote(spec)] : look.notes;
  const head = { process_name: spec.processName, status: plan.status, range: plan.range };
  if (!isReadable(look) || readsFiles(spec)) {
    const text = (stage: string): string =>
      [compiledMark(spec.processName, stage), ...notes.map((note) => `-- ${note}`), ''].join('\n');
    return { ...head, load: text('load'), audit: text('audit'), notes };
  }
  return withLook(
    await workspace.ports(spec),
    { plan, spec, computes: false },
    async (opened, targetColumns) => {
      const { workload, project } = opened.ports;
      const shape = await workload.shape(workOf(opened), targetColumns);
      const complaint = await complaintAbout(opened, shape.columns);
      const keptRows = keptRowsOf(project);
      const texts = workload.dialect.look.texts(plan, spec, { shape, asked: look.asked, keptRows });
      return {
        ...head,
        ...texts,
        notes:
          complaint === undefined ? notes : [...notes, `a session would be refused: ${complaint.message}`],
      };
    },
  );
}

/** Its SQL would find nothing to read anywhere else. */
export const filesNote = ({ processName }: Pick<ProcessSpec, 'processName'>): string =>
  `${processName} reads files, which no catalog serves; the rows of new ones: psyberg show ${processName}`;
