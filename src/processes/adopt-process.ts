/** Takes over a target that was filled by other means, or under another name. Process -> one commit. */
import { withSqlChanged } from '../binding/sql-changed.ts';
import { compileAdoption } from '../compile/index.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { usageError } from '../model/errors.ts';
import { sessionIdOf } from '../model/hour.ts';
import { tableKey, tableName } from '../model/names.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import type { RunRecord } from '../model/run-record.ts';
import type { StartSpec } from '../model/start.ts';
import { planAdoption } from '../plan/index.ts';
import { adoptTarget } from '../run/drivers/adopt.ts';
import { openSession } from '../session/open-session.ts';
import { takenOver } from '../session/owed-when-adopted.ts';
import { openTakeover } from '../session/take-over.ts';
import { unusedSessionId } from '../session/unused-session-id.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { tellOutcome, tellSession } from './tell-session.ts';

export interface Adoption {
  readonly record: RunRecord;
  readonly plan: CompiledPlan;
}

/** `places`, `from`: see `Psyberg.adopt`. Throws what that says. */
export const adoptProcess = (
  workspace: Workspace,
  spec: ProcessSpec,
  request: AdoptRequest,
): Promise<Adoption> =>
  workspace.observer.during({ kind: 'process', processName: spec.processName }, async () => {
    const adoption = await adopt(workspace, spec, request);
    tellOutcome(workspace, { spec, outcome: adoption.record, plan: adoption.plan });
    return adoption;
  });

interface AdoptRequest {
  readonly places: ReadonlyMap<string, StartSpec>;
  readonly from: string | undefined;
}

async function adopt(
  workspace: Workspace,
  spec: ProcessSpec,
  { places, from }: AdoptRequest,
): Promise<Adoption> {
  refuseContradictions(spec, places, from);
  refuseBeginning(spec, [...places.values()]);
  const { project, client, engine, views, endpoint } = workspace;
  const nowMs = workspace.now();
  const input = { spec, project, psybergSessionId: sessionIdOf(nowMs), nowMs, catalog: client, engine };
  const adoptAt = (source: SourceSpec): StartSpec =>
    places.get(tableKey(source.table)) ?? places.get('') ?? { kind: 'now' };
  const isPlaced = ({ table }: SourceSpec): boolean => places.has(tableKey(table)) || places.has('');
  const asIs = { ...input, views, endpoint, adoptAt, isPlaced };
  const session = from === undefined ? await openSession(asIs) : await openTakeover(input, from);
  const taken = from === undefined ? await takenOver(asIs, session) : undefined;
  const planned = planAdoption(await withSqlChanged(workspace, session), taken);
  const id = await unusedSessionId(workspace, spec, input.psybergSessionId);
  const plan = compileAdoption({ ...planned, psyberg_session_id: id }, from);
  tellSession(workspace, { spec, plan, resumed: false });
  const adoption = { from, settled: taken?.settled ?? {}, notes: taken?.notes ?? {} };
  return { plan, record: await adoptTarget(await workspace.ports(spec), plan, spec, adoption) };
}

/** Nothing of its source would count as loaded, and its first session would load what is there once more. */
function refuseBeginning(spec: ProcessSpec, places: readonly StartSpec[]): void {
  if (patternOf(spec).loadsHours || places.every(({ kind }) => kind !== 'beginning')) return;
  throw usageError(
    'usage',
    `${spec.processName} is ${spec.pattern}: from the beginning it would load the rows once more that its target has`,
    { hint: 'adopt at another place; or write existing_rows: keep under target: in its header, and run it' },
  );
}

function refuseContradictions(
  spec: ProcessSpec,
  places: ReadonlyMap<string, StartSpec>,
  from: string | undefined,
): void {
  const stranger = [...places.keys()].find(
    (name) => name !== '' && !spec.sources.some((source) => tableKey(source.table) === name),
  );
  if (stranger !== undefined)
    throw usageError('usage', `${stranger} is no source of ${spec.processName}`, {
      hint: `its sources are ${spec.sources.map((source) => tableName(source.table)).join(', ')}`,
    });
  if (from !== undefined && places.size > 0)
    throw usageError('usage', 'a process that goes on where another name stopped has its places', {
      hint: 'leave --at out, or leave --from out',
    });
}
