/** Orders processes by which one feeds which. ProjectSpec -> order. Pure. */
import { usageError } from '../model/errors.ts';
import { sameTable, type TableIdentifier, tableKey } from '../model/names.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import { didYouMean } from './did-you-mean.ts';

/** The process that writes `table`, or undefined if it comes from outside the project. */
export function producerOf(project: ProjectSpec, table: TableIdentifier): ProcessSpec | undefined {
  return project.processes.find((spec) => sameTable(spec.target.table, table));
}

/**
 * All processes, or the named ones, each after the processes that write its sources; otherwise in the order
 * of their files. Processes that are not named are not added. Throws `process-unknown` for a name that the
 * project does not have.
 */
export function processesInDependencyOrder(
  project: ProjectSpec,
  names: readonly string[] = [],
): readonly ProcessSpec[] {
  const known = project.processes.map((spec) => spec.processName);
  for (const name of names) {
    if (known.includes(name)) continue;
    throw usageError('process-unknown', `the project ${project.name} has no process '${name}'`, {
      hint: known.length === 0 ? 'create it: psyberg new process' : didYouMean(name, known, 'processes'),
      context: { process_name: name, processes: known },
    });
  }
  const producers = new Map(project.processes.map((spec) => [tableKey(spec.target.table), spec]));
  const ordered: ProcessSpec[] = [];
  const visited = new Set<ProcessSpec>();
  const visit = (spec: ProcessSpec): void => {
    if (visited.has(spec)) return;
    visited.add(spec);
    for (const source of spec.sources) {
      const producer = producers.get(tableKey(source.table));
      if (producer !== undefined) visit(producer);
    }
    ordered.push(spec);
  };
  // Walks the whole graph even for a few names: two named processes may depend on each other through one that
  // is not named.
  for (const spec of project.processes) visit(spec);
  return names.length === 0 ? ordered : ordered.filter((spec) => names.includes(spec.processName));
}

/**
 * The processes that read the target of `spec`, and those that read theirs, each after the processes that
 * write its sources; without `spec` itself.
 */
export function processesBelow(project: ProjectSpec, spec: ProcessSpec): readonly ProcessSpec[] {
  const written = new Set([tableKey(spec.target.table)]);
  const below: ProcessSpec[] = [];
  for (const each of processesInDependencyOrder(project)) {
    if (each === spec || !each.sources.some(({ table }) => written.has(tableKey(table)))) continue;
    written.add(tableKey(each.target.table));
    below.push(each);
  }
  return below;
}
