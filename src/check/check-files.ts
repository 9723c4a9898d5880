/**
 * Checks everything that can be known about a project without its data. Files -> problems, all at once.
 * Writes nothing. The warehouse is only asked for columns that no file and no query tells.
 */
import { type BoundProcess, bindProcess } from '../binding/bind-process.ts';
import { columnsToldOfFiles } from '../binding/table-columns.ts';
import { type Binder, type BoundColumn, openBinder, type ParsedText } from '../engine/index.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { engineOf } from '../model/engines.ts';
import { PsybergError } from '../model/errors.ts';
import { type CheckProblem, PROBLEM_CODES } from '../model/problem-codes.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import { isAccepted } from '../plan/index.ts';
import { processesInDependencyOrder } from '../project/dependency-order.ts';
import { auditFilesOf } from '../project/own-audits.ts';
import { PROJECT_FILE } from '../project/project-schema.ts';
import type { ProcessDraft } from '../project/read-process.ts';
import { type ExaminedProject, examineProject } from '../project/read-project.ts';
import { duckdbColumns } from '../statements/index.ts';
import { comparedTarget } from '../workload/columns/refuse-columns.ts';
import { compareBound } from '../workload/duckdb/compare-bound.ts';
import { defineOnBinder } from '../workload/duckdb/define-macros.ts';
import { readsOfTexts } from '../workload/duckdb/refuse-undeclared.ts';
import type { Checked, CheckedProcess, CheckedSource } from './facts.ts';
import { type KnownTable, type KnownTables, knowTables } from './know-tables.ts';
import { type Found, RULES } from './rules/index.ts';
import { unknownColumns } from './test-columns.ts';

export interface CheckReport {
  readonly problems: readonly CheckProblem[];
}

/** `root`: the folder of psyberg.yaml. Throws `project-not-found`; what is wrong in files is reported. */
export async function checkProjectFolder(options: {
  readonly root: string;
  readonly environment?: NodeJS.ProcessEnv;
}): Promise<CheckReport> {
  const examined = examineProject(options);
  const binder = await openBinder();
  try {
    const checked = await factsOf(binder, examined);
    const found = RULES.flatMap((rule) => rule(checked).filter(isToTell(checked))).map(foundProblem);
    const tests = examined.problems.length === 0 ? await testProblems(examined, checked) : [];
    return { problems: inOrder([...examined.problems.map(problemOf), ...found, ...tests]) };
  } finally {
    await binder.close();
  }
}

/** Whether a problem is reported: not if the header of its process accepts it. */
const isToTell =
  ({ processes }: Checked) =>
  ({ code, file }: Found): boolean =>
    !processes.some((each) => each.file === file && isAccepted(each.spec, code));

const foundProblem = ({ place, hint, ...each }: Found): CheckProblem =>
  problemOf({ ...each, ...place, hint: hint ?? null });

const problemOf = (problem: Omit<CheckProblem, 'severity'>): CheckProblem => {
  const { file, line, column, code, message, hint } = problem;
  return { file, line, column, severity: PROBLEM_CODES[code].severity, code, message, hint };
};

/** Sorts problems, each only once: two processes may share an audit and its problem. */
function inOrder(problems: readonly CheckProblem[]): CheckProblem[] {
  const once = new Map(
    problems.map((each) => [`${each.file}:${each.line}:${each.column} ${each.code} ${each.message}`, each]),
  );
  const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
  return [...once.values()].sort(
    (one, other) => compare(one.file, other.file) || one.line - other.line || one.column - other.column,
  );
}

/** Checks what test files say, which needs the whole project to be read. */
async function testProblems({ project }: ExaminedProject, checked: Checked): Promise<CheckProblem[]> {
  const { readTests, testFilesOf } = await import('../testing/read/read-tests.ts');
  const files = testFilesOf(project);
  const { tests, unread } = readTests(project, files);
  return [
    ...unread.flatMap(({ problems }) => problems.map(problemOf)),
    ...unknownColumns(checked, tests).map(foundProblem),
  ];
}

async function factsOf(binder: Binder, { project, drafts, problems }: ExaminedProject): Promise<Checked> {
  const knowsWarehouse = problems.every(({ file }) => file !== PROJECT_FILE);
  const tables = await knowTables(binder, { project, drafts, knowsWarehouse });
  const ordered = processesInDependencyOrder(project);
  const macros = await defineOnBinder(binder, project);
  const parsed = await binder.parse(ordered.map(({ sql }) => sql));
  const processes: CheckedProcess[] = [];
  for (const [index, spec] of ordered.entries()) {
    const draft = drafts.find((each) => each.spec === spec) as ProcessDraft;
    const { root } = project;
    const process = await checkedProcess(binder, tables, { root, spec, draft, parsed: parsed[index] ?? {} });
    const columns = process.bound?.query.columns;
    if (columns !== undefined) tables.written(spec.target.table, columns);
    processes.push(process);
  }
  const auditFiles = auditFilesOf(project.root);
  return { project, processes, drafts, tableFiles: tables.files, auditFiles, macros };
}

/** Columns of files that no header describes are only known once the files are read. */
async function columnsOfSource(
  tables: KnownTables,
  spec: ProcessSpec,
  source: SourceSpec,
): Promise<KnownTable> {
  if (source.files === undefined) return tables.columnsOf(source.table);
  const columns = columnsToldOfFiles(source, spec);
  return columns === undefined ? { unknown: { kind: 'elsewhere' } } : { columns };
}

interface ProcessText {
  readonly root: string;
  readonly spec: ProcessSpec;
  readonly draft: ProcessDraft;
  readonly parsed: ParsedText;
}

async function checkedProcess(
  binder: Binder,
  tables: KnownTables,
  { root, spec, draft, parsed }: ProcessText,
): Promise<CheckedProcess> {
  const sources: CheckedSource[] = [];
  for (const [index, source] of spec.sources.entries())
    sources.push({ spec: source, index, ...(await columnsOfSource(tables, spec, source)) });
  const reads = await readsOfTexts(binder, { root, spec });
  const facts = { spec, file: draft.file, draft, sources, reads };
  if (parsed.fault !== undefined) return { ...facts, syntax: parsed.fault };
  const tree = parsed.tree === undefined ? {} : { tree: parsed.tree };
  const columns = new Map<string, readonly BoundColumn[]>();
  for (const each of sources) if (each.columns !== undefined) columns.set(each.spec.alias, each.columns);
  if (columns.size < sources.length) return { ...facts, ...tree };
  const bound = await bindProcess(binder, { spec, sources: columns, target: undefined });
  const unfit = await unfitFor(binder, tables, { root, spec, columns, bound });
  return { ...facts, ...tree, bound, ...(unfit === undefined ? {} : { unfit }) };
}

/** What a session would say of the query's columns, if its target is there and known. */
async function unfitFor(
  binder: Binder,
  tables: KnownTables,
  {
    root,
    spec,
    columns: sources,
    bound,
  }: {
    readonly root: string;
    readonly spec: ProcessSpec;
    readonly columns: ReadonlyMap<string, readonly BoundColumn[]>;
    readonly bound: BoundProcess;
  },
): Promise<PsybergError | undefined> {
  const { columns } = bound.query;
  if (columns === undefined || engineOf(spec) !== 'duckdb') return undefined;
  const metadata = await tables.targetOf(spec.target.table);
  if (metadata === undefined) return undefined;
  const target = duckdbColumns(currentSchema(metadata).fields);
  const compared = { spec, root, target: comparedTarget(spec, metadata) };
  try {
    await compareBound(compared, { binder, input: { spec, sources, target }, columns }, metadata);
    return undefined;
  } catch (error) {
    if (error instanceof PsybergError && error.kind === 'usage') return error;
    throw error;
  }
}
