/** Checks rules between the processes of a project. Drafts -> problems. Pure. */
import { type TableIdentifier, tableKey, tableName } from '../model/names.ts';
import type { StateTables } from '../model/process-spec.ts';
import { type ProjectProblem, reporterFor } from './problems.ts';
import type { ProcessDraft } from './read-process.ts';

/**
 * Reports names and targets that are used twice, sources and targets that are state tables, tables whose
 * names differ only by case, and circles of processes.
 */
export function checkProject(
  drafts: readonly ProcessDraft[],
  tables: StateTables,
  problems: ProjectProblem[],
): void {
  const stateTables = new Map<string, string>([
    [tableKey(tables.highWaterMarkTable), 'high_water_mark_table'],
    [tableKey(tables.sessionTable), 'session_table'],
    [tableKey(tables.signalTable), 'signal_table'],
    [tableKey(tables.auditFailureTable), 'audit_failure_table'],
    [tableKey(tables.fileTable), 'file_table'],
  ]);
  const names = new Map<string, ProcessDraft>();
  const producers = new Map<string, ProcessDraft>();
  for (const draft of drafts) {
    const report = reporterFor(problems, draft.file);
    if (draft.processName !== undefined) {
      const key = draft.processName.toLowerCase();
      const other = names.get(key);
      if (other !== undefined)
        report(
          draft.placeOf(['process_name']),
          `the process_name '${draft.processName}' is already used in ${other.file}`,
          'give each process its own name: its watermarks are kept under it',
          'process-name-taken',
        );
      else names.set(key, draft);
    }
    for (const { table, index } of draft.sources) {
      const state = stateTables.get(tableKey(table));
      if (state !== undefined)
        report(
          draft.placeOf(['sources', index, 'table']),
          `the source ${tableName(table)} is the project's ${state}, which every session rewrites`,
          `look at it with psyberg sql, psyberg history or psyberg status; a process that follows another reads its target`,
          'source-is-state-table',
        );
    }
    if (draft.target === undefined) continue;
    const state = stateTables.get(tableKey(draft.target));
    if (state !== undefined)
      report(
        draft.placeOf(['target', 'table']),
        `the target ${tableName(draft.target)} is the project's ${state}`,
        'write to a table of its own',
        'target-is-state-table',
      );
    const other = producers.get(tableKey(draft.target));
    if (other !== undefined)
      report(
        draft.placeOf(['target', 'table']),
        `the target ${tableName(draft.target)} is already written by ${nameOf(other)} in ${other.file}`,
        'one table is written by one process: rename one target, or join the two in one query',
        'target-written-twice',
      );
    else producers.set(tableKey(draft.target), draft);
  }
  reportSpellings(drafts, producers, problems);
  reportCircles(drafts, producers, problems);
}

/**
 * To DuckDB two names that differ only by case are one table, to a catalog two: a process would wait for ever
 * for what another one writes.
 */
function reportSpellings(
  drafts: readonly ProcessDraft[],
  producers: ReadonlyMap<string, ProcessDraft>,
  problems: ProjectProblem[],
): void {
  const known = new Map<
    string,
    { readonly name: string; readonly draft: ProcessDraft; readonly role: string }
  >();
  for (const [key, draft] of producers)
    if (draft.target !== undefined) known.set(key, { name: tableName(draft.target), draft, role: 'target' });
  for (const draft of drafts)
    for (const source of draft.sources) {
      const key = tableKey(source.table);
      const [name, other] = [tableName(source.table), known.get(key)];
      if (other === undefined) known.set(key, { name, draft, role: 'source' });
      // Within one process its header's own rules have reported it.
      else if (other.name !== name && other.draft !== draft)
        reporterFor(problems, draft.file)(
          draft.placeOf(['sources', source.index, 'table']),
          `the source ${name} differs by case alone from ${other.name}, the ${other.role} of ${nameOf(other.draft)} in ${other.draft.file}`,
          `write one table in one way: ${other.name}`,
          'table-spelled-differently',
        );
    }
}

/** Each circle is reported once, at the source by which its first process in file order enters it. */
function reportCircles(
  drafts: readonly ProcessDraft[],
  producers: ReadonlyMap<string, ProcessDraft>,
  problems: ProjectProblem[],
): void {
  const finished = new Set<ProcessDraft>();
  const trail: {
    readonly draft: ProcessDraft;
    via?: { readonly table: TableIdentifier; readonly index: number };
  }[] = [];
  const visit = (draft: ProcessDraft): void => {
    if (finished.has(draft)) return;
    const seenAt = trail.findIndex((step) => step.draft === draft);
    if (seenAt >= 0) {
      reportCircle(trail.slice(seenAt), problems);
      return;
    }
    const step: (typeof trail)[number] = { draft };
    trail.push(step);
    for (const source of draft.sources) {
      const producer = producers.get(tableKey(source.table));
      // A process that reads its own target was reported with its header.
      if (producer === undefined || producer === draft) continue;
      step.via = source;
      visit(producer);
    }
    trail.pop();
    finished.add(draft);
  };
  for (const draft of drafts) visit(draft);
}

function reportCircle(
  circle: readonly {
    readonly draft: ProcessDraft;
    readonly via?: { readonly table: TableIdentifier; readonly index: number };
  }[],
  problems: ProjectProblem[],
): void {
  const [first] = circle;
  if (first?.via === undefined) return;
  const path = circle
    .map(({ draft, via }) => `${nameOf(draft)} reads ${via === undefined ? 'a table' : tableName(via.table)}`)
    .join(', ');
  reporterFor(problems, first.draft.file)(
    first.draft.placeOf(['sources', first.via.index, 'table']),
    `the processes depend on each other in a circle: ${[...circle.map(({ draft }) => nameOf(draft)), nameOf(first.draft)].join(' <- ')}`,
    `${path}; remove one of these sources`,
    'process-circle',
  );
}

const nameOf = (draft: ProcessDraft): string => draft.processName ?? draft.file;
