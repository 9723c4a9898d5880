/**
 * Checks the SQL of processes while they are planned: binds queries and audits over the columns that their
 * sources have now. Session -> nothing, or one error. So a plan already reports a wrong column, with its
 * place, and not only the first session with something to load.
 */
import { bindProcess } from '../binding/bind-process.ts';
import type { BindingFault } from '../binding/bind-text.ts';
import { placeIn } from '../binding/edited-text.ts';
import { columnsToldOfFiles } from '../binding/table-columns.ts';
import { engineOf } from '../model/engines.ts';
import { type PsybergError, usageError } from '../model/errors.ts';
import { tableKey } from '../model/names.ts';
import type { AuditSpec, ProcessSpec, TextPosition } from '../model/process-spec.ts';
import type { SeenColumn, Session, SourceState } from '../model/session.ts';
import { producerOf } from '../project/dependency-order.ts';
import { relativeFile } from '../project/relative-file.ts';
import type { BoundQuery } from '../workload/duckdb/compare-bound.ts';
import { refuseUndeclaredTexts } from '../workload/duckdb/refuse-undeclared.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

export interface PlanBinding {
  /**
   * The query as it was bound; undefined where that cannot be told. Throws `table-not-declared`,
   * `macro-table-undeclared`, `process-sql-failed`, `audit-sql-failed` and `previous-column`.
   */
  bind(session: Session): Promise<BoundQuery | undefined>;
}

/** For processes that are planned one after the other, each behind those that write its sources. */
export function planBinding(workspace: Workspace): PlanBinding {
  /** What processes return, by the keys of their targets. */
  const returned = new Map<string, readonly SeenColumn[]>();
  return {
    async bind({ spec, sources, target }) {
      if (engineOf(spec) !== 'duckdb') return undefined;
      const binder = await workspace.binder();
      await refuseUndeclaredTexts(binder, workspace.project, spec);
      const columns = new Map<string, readonly SeenColumn[]>();
      for (const source of sources) {
        const seen = columnsToldOfFiles(source.spec, spec) ?? columnsOf(workspace, source, returned);
        // If a source does not exist, or its columns are not known, the session that reads it judges.
        if (seen === undefined) return undefined;
        columns.set(source.spec.alias, seen);
      }
      const input = { spec, sources: columns, target: target.columns };
      const { query, audits } = await bindProcess(binder, input);
      const { root } = workspace.project;
      if (query.faults.length > 0) throw queryError(root, spec, query.faults);
      for (const { audit, bound } of audits)
        if (bound.faults.length > 0) throw auditError(root, spec, { audit, faults: bound.faults });
      if (query.columns === undefined) return undefined;
      returned.set(tableKey(spec.target.table), query.columns);
      return { binder, input, columns: query.columns };
    },
  };
}

/**
 * The columns of a table; for one that a process writes, also those that its next session creates or adds.
 */
function columnsOf(
  { project }: Workspace,
  { spec, columns }: SourceState,
  returned: ReadonlyMap<string, readonly SeenColumn[]>,
): readonly SeenColumn[] | undefined {
  const coming = returned.get(tableKey(spec.table));
  if (columns === undefined) return coming;
  if (coming === undefined || producerOf(project, spec.table)?.onSchemaChange !== 'append') return columns;
  const known = new Set(columns.map(({ name }) => name.toLowerCase()));
  return [...columns, ...coming.filter(({ name }) => !known.has(name.toLowerCase()))];
}

function queryError(root: string, spec: ProcessSpec, faults: readonly BindingFault[]): PsybergError {
  const file = relativeFile(root, spec.file);
  const [first] = faults as readonly [BindingFault];
  const places = faults.map(({ offset }) => placeIn(spec.sql, spec.sqlOffset, offset ?? 0));
  return usageError(first.code ?? 'process-sql-failed', linesOf(file, places, faults), {
    hint: hintOf(first, `the SQL of ${spec.processName}`),
    context: { process_name: spec.processName, file, ...places[0] },
  });
}

function auditError(
  root: string,
  spec: ProcessSpec,
  { audit, faults }: { readonly audit: AuditSpec; readonly faults: readonly BindingFault[] },
): PsybergError {
  const file = relativeFile(root, audit.file ?? spec.file);
  const [first] = faults as readonly [BindingFault];
  const places = faults.map(({ offset }) =>
    audit.sql === undefined || offset === undefined ? audit.place : placeIn(audit.sql, audit.place, offset),
  );
  const what = `the audit ${audit.name} of ${spec.processName} cannot be run: `;
  return usageError('audit-sql-failed', linesOf(file, places, faults, what), {
    hint: hintOf(first, audit.sql === undefined ? `the audit in ${file}` : `the SQL of ${file}`),
    context: { process_name: spec.processName, audit: audit.name, file, ...places[0] },
  });
}

const linesOf = (
  file: string,
  places: readonly TextPosition[],
  faults: readonly BindingFault[],
  what = '',
): string =>
  // An audit that is built in may name a column several times.
  [
    ...new Set(
      faults.map(({ complaint }, index) => {
        const { line, column } = places[index] as TextPosition;
        return `${file}:${line}:${column} ${what}${complaint}`;
      }),
    ),
  ].join('\n');

const hintOf = ({ hint }: BindingFault, what: string): string =>
  `${hint === undefined ? 'correct' : `${hint} Correct`} ${what}; psyberg check shows what is wrong in all files at once`;
