/** Ends a process of a workspace, or one that is no longer in the project. Name -> RetireRecord. */
import { usageError } from '../model/errors.ts';
import { hourRangeText } from '../model/hour-range.ts';
import { parseTableName, sameTable } from '../model/names.ts';
import { parseOwedHours } from '../model/owed-hours.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { RetireRecord } from '../model/retire-record.ts';
import type { Workspace } from './open-workspace.ts';

/** See `Psyberg.retire`. */
export async function retireInProject(
  workspace: Workspace,
  processName: string,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<RetireRecord> {
  const { project } = workspace;
  const ports = await workspace.ports();
  const [{ retireProcess }, { readTables }] = await Promise.all([
    import('../run/drivers/retire.ts'),
    import('../maintain/index.ts'),
  ]);
  await ports.markers.learn();
  const retired = await retireProcess(ports, {
    processName,
    tables: (await readTables(ports)).map(({ id }) => id),
    dryRun,
    nowMs: workspace.now(),
  });
  const isDefined = project.processes.some((each) => each.processName === processName);
  if (retired === undefined && !isDefined)
    throw usageError(
      'process-unknown',
      `no process named ${processName} is in the project ${project.name}, and none has left anything in its tables`,
      {
        hint: 'psyberg doctor names processes that are gone and hold something',
        context: { process_name: processName },
      },
    );
  const nothing = {
    process_name: processName,
    dry_run: dryRun,
    targets: [],
    state_rows: [],
    tags: [],
    branches: [],
  };
  return { ...(retired ?? nothing), notes: notesOf(project, processName, retired) };
}

/** `4 hours of 2023-09-14T02..2023-09-14T05`. */
function textOfOwed(texts: readonly string[]): string {
  const hours = parseOwedHours(texts);
  const range = { firstHour: Math.min(...hours), lastHour: Math.max(...hours) };
  return `${hours.length} ${hours.length === 1 ? 'hour' : 'hours'} of ${hourRangeText(range)}`;
}

/** What a person has to know of what comes after. */
function notesOf(
  project: ProjectSpec,
  processName: string,
  retired: Omit<RetireRecord, 'notes'> | undefined,
): string[] {
  const spec = project.processes.find((each) => each.processName === processName);
  const targets = retired?.targets ?? [];
  const waiting = project.processes.filter(
    (each) =>
      each.processName !== processName &&
      each.sources.some(
        ({ table, vtts }) =>
          vtts.kind === 'signal' && targets.some((target) => sameTable(parseTableName(target.table), table)),
      ),
  );
  return [
    ...(retired === undefined ? [`${processName} has left nothing: there is nothing to end`] : []),
    ...(spec === undefined || targets.length === 0
      ? []
      : [
          `${spec.file} still defines ${processName}: its next session is refused while its target holds rows; remove the file, or take the target over with psyberg adopt`,
        ]),
    ...targets
      .filter(({ owed_hours: owed }) => owed.length > 0)
      .map(
        ({ table, owed_hours: owed }) =>
          `${table} lacks what ${processName} owed (${textOfOwed(owed)}): psyberg adopt says how another process goes on with these hours`,
      ),
    ...waiting.map(
      (each) => `${each.processName} waits for signals of ${processName}, and finds none from now on`,
    ),
  ];
}
