/** Checks one run against what a test expects of it. Expectation + record -> findings. */

import type { ErrorJson } from '../../model/errors.ts';
import { tableName } from '../../model/names.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { RunRecord } from '../../model/run-record.ts';
import { didYouMean } from '../../project/did-you-mean.ts';
import type { TestColumn } from '../../statements/index.ts';
import { testProblem } from '../problem.ts';
import type { CellRow, Expectation, TestSpec } from '../test-spec.ts';
import { fillTable } from '../world/fill-table.ts';
import { memoryTable } from '../world/make-tables.ts';
import type { Sandbox } from '../world/sandbox.ts';
import { type Difference, matchRows, type PartialRow } from './compare.ts';
import { readTarget } from './target.ts';

export interface Finding {
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
  readonly difference?: Difference;
  readonly error?: ErrorJson | null;
}

export interface JudgedRun {
  readonly spec: ProcessSpec;
  readonly record: RunRecord;
  /** Made before the run, if hours are expected. */
  readonly plan: CompiledPlan | undefined;
}

/** Finds what does not meet an expectation; nothing if everything does. */
export async function judgeRun(
  sandbox: Sandbox,
  test: TestSpec,
  expectation: Expectation,
  run: JudgedRun,
): Promise<Finding[]> {
  const findings = judgeRecord(expectation, run);
  if (expectation.rows === undefined && expectation.row_count === undefined) return findings;
  const target = await readTarget(sandbox, run.spec.target.table);
  const found = target?.rows ?? [];
  if (expectation.row_count !== undefined && expectation.row_count !== found.length)
    findings.push({ what: 'row_count', expected: expectation.row_count, actual: found.length });
  if (expectation.rows !== undefined) {
    const columns = target?.columns ?? [];
    const expected =
      target === undefined
        ? expectation.rows.map((row): PartialRow => new Map(Object.entries(row)))
        : await typedRows(sandbox, { test, expectation, spec: run.spec, columns }, expectation.rows);
    const difference = matchRows(columns, expected, found);
    if (difference !== undefined)
      findings.push({
        what: 'rows',
        expected: expectation.rows.length,
        actual: found.length,
        difference,
      });
  }
  return findings;
}

/** Checks what the record alone tells. */
function judgeRecord(expectation: Expectation, { record, plan }: JudgedRun): Finding[] {
  const findings: Finding[] = [];
  const judge = (what: string, expected: unknown, actual: unknown, error?: ErrorJson | null): void => {
    if (expected !== undefined && JSON.stringify(expected) !== JSON.stringify(actual))
      findings.push({ what, expected, actual, ...(error === undefined ? {} : { error }) });
  };
  judge('status', expectation.status, record.status, record.error);
  judge('error', expectation.error, record.error?.code ?? null, record.error);
  judge('operation', expectation.operation, record.operation);
  judge('hours', expectation.hours, plan?.hours.map(({ hour }) => hour).sort() ?? []);
  judge('owed_hours', expectation.owed_hours, [...record.owed_hours].sort());
  if (expectation.audits !== undefined) {
    const actual = new Map(record.audits.map(({ name, status }) => [name, status]));
    judge(
      'audits',
      expectation.audits,
      Object.fromEntries(
        Object.keys(expectation.audits).map((name) => [name, actual.get(name) ?? 'not run']),
      ),
    );
  }
  return findings;
}

interface ExpectedRows {
  readonly test: TestSpec;
  readonly expectation: Expectation;
  readonly spec: ProcessSpec;
  readonly columns: readonly TestColumn[];
}

/** Casts expected cells to the types of the target, so that `2023-09-14` equals a timestamp. */
async function typedRows(
  sandbox: Sandbox,
  { test, expectation, spec, columns }: ExpectedRows,
  rows: readonly CellRow[],
): Promise<PartialRow[]> {
  for (const [index, row] of rows.entries())
    for (const name of Object.keys(row))
      if (!columns.some((column) => column.name.toLowerCase() === name.toLowerCase()))
        throw testProblem(
          test.file,
          expectation.placeOf('rows', index, name),
          `the target ${tableName(spec.target.table)} has no column '${name}'`,
          didYouMean(
            name,
            columns.map((column) => column.name),
            'columns',
          ),
        );
  const into = memoryTable('expected');
  const typed: PartialRow[] = [];
  // One row at a time: rows of a table have no order in which they could be found again.
  for (const [index, row] of rows.entries()) {
    await fillTable(sandbox, {
      table: { id: spec.target.table, columns },
      into,
      landing: {
        rows: { kind: 'inline', rows: [row] },
        placeOf: (_row, column) =>
          expectation.placeOf('rows', index, ...(column === undefined ? [] : [column])),
      },
      file: test.file,
      root: test.folder,
    });
    const [cells = []] = (await sandbox.run('test/all_rows', { table: into })).rows;
    typed.push(
      new Map(
        columns.flatMap(({ name }, position) =>
          Object.keys(row).some((key) => key.toLowerCase() === name.toLowerCase())
            ? [[name, cells[position]] as const]
            : [],
        ),
      ),
    );
  }
  return typed;
}
