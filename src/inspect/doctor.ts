/**
 * Runs the checks of `psyberg doctor`. Machine + project + warehouse -> Check[]. Reads only, except for one
 * object that it writes and deletes in each store. If a check fails, later checks that depend on it are left
 * out.
 */
import { fileURLToPath } from 'node:url';
import type { Engine } from '../engine/index.ts';
import { countInSummary, mainSnapshot } from '../iceberg/history.ts';
import { expiredBy } from '../iceberg/retention.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { PsybergError } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { sessionOfName } from '../model/session-branch.ts';
import { findProjectRoot, readProject } from '../project/read-project.ts';
import type { Check, Report } from '../report/doctor.ts';
import { sqlChangedText } from '../report/sql-changed.ts';
import { plural } from '../report/text.ts';
import { duckdbVersion, extensionDirectory, missingExtensions } from '../setup/extensions.mjs';
import { examineSpark } from '../workspace/examine-spark.ts';
import { strangersInProject } from '../workspace/maintain-project.ts';
import { openWorkspace, type Workspace } from '../workspace/open-workspace.ts';
import { examineSource, nameOf } from './examine-source.ts';
import { examineStores } from './examine-stores.ts';
import { readProgress, sqlChangedJson } from './status.ts';

export interface ExamineOptions {
  /** Folder of psyberg.yaml, or any folder below it. Default: the current folder. */
  readonly project?: string;
  /** Called with what is being done now, to show progress. */
  readonly onStep?: (message: string) => void;
}

/** Checks everything that a run needs, and says what to do if something is missing. Never throws. */
export async function examine(options: ExamineOptions = {}): Promise<Check[]> {
  const checks: Check[] = [];
  const report: Report = (name, status, message, hint) =>
    void checks.push({ name, status, message, hint: hint ?? null });
  report('Node', 'ok', process.versions.node);
  extensionFiles(report);
  const project = await attempt(report, 'project', () =>
    readProject({ root: findProjectRoot(options.project ?? '.') }),
  );
  if (project === undefined) {
    await attempt(report, 'DuckDB', async () => {
      const { openEngine } = await import('../engine/index.ts');
      const engine = await openEngine();
      versionsOf(engine, report);
      await engine.close();
    });
    return checks;
  }
  report(
    'project',
    'ok',
    `${project.name}, ${plural(project.processes.length, 'process', 'processes')} in ${project.root}`,
  );
  const workspace = await attempt(report, 'catalog', () =>
    openWorkspace(project, { onStep: (message) => options.onStep?.(message) }),
  );
  if (workspace === undefined) return checks;
  try {
    await examineWarehouse(workspace, report);
  } finally {
    await workspace.close();
  }
  return checks;
}

/** Runs a check; an error becomes a failed check with its remedy. */
async function attempt<T>(report: Report, name: string, work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    report(
      name,
      'fail',
      error instanceof Error ? error.message : String(error),
      error instanceof PsybergError ? error.hint : undefined,
    );
    return undefined;
  }
}

function extensionFiles(report: Report): void {
  try {
    const version = duckdbVersion(fileURLToPath(new URL('../..', import.meta.url)));
    const directory = extensionDirectory();
    const missing = missingExtensions(directory, version);
    if (missing.length === 0) report('extensions', 'ok', `found in ${directory}`);
    else
      report(
        'extensions',
        'warn',
        `${missing.join(', ')} of DuckDB ${version} missing in ${directory}; the next command tries to install them`,
        'psyberg sql "select 1" (or, in a clone: npm run setup)',
      );
  } catch {
    // When Psyberg is installed as a package, DuckDB may lie elsewhere; whether the extensions load is
    // checked below.
  }
}

const versionsOf = (engine: Engine, report: Report): void =>
  report(
    'DuckDB',
    'ok',
    `${engine.versions.duckdb}; loaded: ${Object.keys(engine.versions.extensions).join(', ')}`,
  );

/** State tables that only some projects ever need. */
const CREATED_BY: Readonly<Record<string, string>> = {
  auditFailureTable: 'the first audit that fails',
  fileTable: 'the first session that reads files',
};

async function examineWarehouse(workspace: Workspace, report: Report): Promise<void> {
  const { project, catalog, client } = workspace;
  const answered = await attempt(report, 'catalog', async () => {
    const namespaces = await client.listNamespaces();
    const tables = await Promise.all(namespaces.map((namespace) => client.listTables(namespace)));
    report(
      'catalog',
      'ok',
      `answers; ${plural(tables.flat().length, 'table')} in ${plural(namespaces.length, 'namespace')}, warehouse ${catalog.warehouse}`,
    );
    return true;
  });
  if (answered === true) {
    await examineForeign(workspace, report);
    await attempt(report, 'storage', () => examineStores(workspace, report));
  }
  const engine = await attempt(report, 'DuckDB', () => workspace.engine());
  if (engine !== undefined) versionsOf(engine, report);
  if (answered !== true) return;
  await attempt(report, 'Spark', async () => {
    const spark = await examineSpark(workspace);
    if (spark === undefined) return;
    const { version, iceberg, tested, reaches, means } = spark;
    const what = `${version} with Iceberg ${iceberg}; it answers ${means}${reaches.length === 0 ? '' : `, and reaches ${reaches.join(' and ')}`}`;
    report('Spark', 'ok', tested === undefined ? what : `${what}; what is tested is ${tested}`);
  });
  for (const [key, table] of Object.entries(project.tables)) {
    const exists = await client.tableExists(table);
    const by = CREATED_BY[key] ?? 'the first run';
    report(tableName(table), 'ok', exists ? 'exists' : `does not exist yet; ${by} creates it`);
  }
  if (engine !== undefined)
    await attempt(report, 'retention', async () => {
      for (const { table, what, hint } of await strangersInProject(workspace))
        report(table, 'warn', what, hint);
    });
  for (const spec of project.processes) {
    await attempt(report, spec.processName, async () => {
      const target = (await client.loadTable(spec.target.table))?.metadata;
      const progress = target === undefined ? undefined : await readProgress(workspace, spec, target);
      leftBranches(spec, target, report);
      const told = sqlChangedText({
        process_name: spec.processName,
        sql_changed: await sqlChangedJson(workspace, spec, progress),
      });
      if (told !== undefined) report(spec.processName, 'warn', told.what, told.hint);
      if (target !== undefined) examineGrowth(spec, target, report);
      for (const source of spec.sources)
        await attempt(report, nameOf(spec, source), () =>
          examineSource({ workspace, spec, source, progress, engine }, report),
        );
    });
  }
}

/** Reports what a foreign catalog means for sessions. */
async function examineForeign({ project, client }: Workspace, report: Report): Promise<void> {
  if (project.catalog.kind !== 'rest') return;
  if (await client.keepsOneSnapshot())
    report(
      'catalog',
      'warn',
      'it keeps the newest snapshot of each table and no tags: a source whose rows are replaced or deleted is refused (history-expired), one that only grows is followed by its files',
      'keep sources that are rewritten in a catalog that keeps snapshots',
    );
}

/**
 * Number of snapshots that may expire from which maintenance is due: each makes the metadata of the table
 * about a kilobyte longer, and every commit writes that anew.
 */
const OLD_SNAPSHOTS_MANY = 100;

function examineGrowth(spec: ProcessSpec, target: TableMetadata, report: Report): void {
  const table = tableName(spec.target.table);
  const old = expiredBy(target, { nowMs: Date.now() }).snapshots.length;
  const count = target.snapshots?.length ?? 0;
  const files = countInSummary(mainSnapshot(target), 'total-data-files');
  const what = `${plural(count, 'snapshot')}, ${old} of them old enough to expire${files === undefined ? '' : `; ${plural(files, 'data file')}`}`;
  if (old < OLD_SNAPSHOTS_MANY) report(table, 'ok', what);
  else report(table, 'warn', `maintenance is due: ${what}`, `psyberg maintain ${table} --dry-run`);
}

function leftBranches(spec: ProcessSpec, target: TableMetadata | undefined, report: Report): void {
  const branches = Object.entries(target?.refs ?? {}).flatMap(([name, { type }]) =>
    type === 'branch' && sessionOfName(name)?.processName === spec.processName ? [name] : [],
  );
  if (branches.length > 0)
    report(
      spec.processName,
      'warn',
      `${plural(branches.length, 'staging branch', 'staging branches')} on ${tableName(spec.target.table)}: ${branches.join(', ')}`,
      `a session is running, waits for its next step, was kept or killed: psyberg status ${spec.processName} says which; the next run drops what nobody needs`,
    );
}
