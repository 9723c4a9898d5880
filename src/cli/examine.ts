/**
 * The checks of `psyberg doctor`. Machine + project + warehouse -> Check[]. Reads only; what one check needs
 * and misses, the later ones leave out.
 */
import { fileURLToPath } from 'node:url';
import type { Engine } from '../engine/index.ts';
import { columnOf, currentSchema, storedUnit } from '../iceberg/event-time.ts';
import { countInSummary, mainSnapshot, snapshotById } from '../iceberg/history.ts';
import { expiredBy } from '../iceberg/retention.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { PsybergError } from '../model/errors.ts';
import { protectionTag, tableName } from '../model/names.ts';
import type { ProcessSpec, ProjectSpec, SourceSpec } from '../model/process-spec.ts';
import { producerOf } from '../project/dependency-order.ts';
import { findProjectRoot, readProject } from '../project/read-project.ts';
import { openProject, type Psyberg } from '../psyberg.ts';
import type { Check } from '../report/doctor.ts';
import { plural } from '../report/text.ts';
import { duckdbVersion, extensionDirectory, missingExtensions } from '../setup/extensions.mjs';
import { type ProcessProgress, watermarkFor } from '../state/read-watermarks.ts';
import { renderStatement } from '../statements/index.ts';
import { readProgress } from './read-status.ts';
import type { Shell } from './shell.ts';

type Report = (name: string, status: Check['status'], message: string, hint?: string) => void;

export async function examine(shell: Shell): Promise<Check[]> {
  const checks: Check[] = [];
  const report: Report = (name, status, message, hint) =>
    void checks.push({ name, status, message, hint: hint ?? null });
  report('Node', 'ok', process.versions.node);
  extensionFiles(report);
  const project = await attempt(report, 'project', () =>
    readProject({ root: findProjectRoot(shell.options.project ?? '.') }),
  );
  if (project === undefined) {
    await attempt(report, 'DuckDB', async () => {
      const { openEngine } = await import('../engine/index.ts');
      const engine = await openEngine();
      versionsOf(engine, report);
      engine.close();
    });
    return checks;
  }
  report(
    'project',
    'ok',
    `${project.name}, ${plural(project.processes.length, 'process', 'processes')} in ${project.root}`,
  );
  const psyberg = await attempt(report, 'catalog', () =>
    openProject(project, { onStep: (message) => shell.step(message) }),
  );
  if (psyberg === undefined) return checks;
  try {
    await examineWarehouse(psyberg, project, report);
  } finally {
    shell.clearStep();
    await psyberg.close();
  }
  return checks;
}

/** Runs a check; an error becomes a failed one with its remedy. */
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
        'npm run setup',
      );
  } catch {
    // Installed as a package, DuckDB may lie elsewhere; whether the extensions load is checked below.
  }
}

const versionsOf = (engine: Engine, report: Report): void =>
  report(
    'DuckDB',
    'ok',
    `${engine.versions.duckdb}; loaded: ${Object.keys(engine.versions.extensions).join(', ')}`,
  );

async function examineWarehouse(psyberg: Psyberg, project: ProjectSpec, report: Report): Promise<void> {
  const { catalog, client } = psyberg.internals;
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
  const engine = await attempt(report, 'DuckDB', () => psyberg.internals.engine());
  if (engine !== undefined) versionsOf(engine, report);
  if (answered !== true) return;
  for (const table of Object.values(project.tables)) {
    const exists = await client.tableExists(table);
    report(tableName(table), 'ok', exists ? 'exists' : 'does not exist yet; the first run creates it');
  }
  for (const spec of project.processes) {
    await attempt(report, spec.processName, async () => {
      const target = (await client.loadTable(spec.target.table))?.metadata;
      const progress = target === undefined ? undefined : await readProgress(psyberg, spec, target);
      leftBranches(spec, target, report);
      if (target !== undefined) examineGrowth(spec, target, report);
      for (const source of spec.sources)
        await attempt(report, nameOf(spec, source), () =>
          examineSource({ psyberg, project, spec, source, progress, engine }, report),
        );
    });
  }
}

const nameOf = (spec: ProcessSpec, source: SourceSpec): string =>
  `${spec.processName} < ${tableName(source.table)}`;

/**
 * Snapshots that may expire, from which maintenance is due: each makes the metadata of the table about a
 * kilobyte longer, which every commit writes anew.
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
    type === 'branch' && name.startsWith(`psyberg_${spec.processName}_`) ? [name] : [],
  );
  if (branches.length > 0)
    report(
      spec.processName,
      'warn',
      `${plural(branches.length, 'staging branch', 'staging branches')} on ${tableName(spec.target.table)}: ${branches.join(', ')}`,
      `a session is running, waits for its next step, was kept or killed: psyberg status ${spec.processName} says which; the next run drops what nobody needs`,
    );
}

interface Examined {
  readonly psyberg: Psyberg;
  readonly project: ProjectSpec;
  readonly spec: ProcessSpec;
  readonly source: SourceSpec;
  readonly progress: ProcessProgress | undefined;
  readonly engine: Engine | undefined;
}

async function examineSource(examined: Examined, report: Report): Promise<void> {
  const { psyberg, project, spec, source, progress, engine } = examined;
  const name = nameOf(spec, source);
  const table = tableName(source.table);
  const metadata = (await psyberg.internals.client.loadTable(source.table))?.metadata;
  if (metadata === undefined) {
    const producer = producerOf(project, source.table);
    if (producer === undefined)
      report(
        name,
        'fail',
        'the table does not exist',
        `create ${table}, or name an existing one in ${spec.file}`,
      );
    else report(name, 'ok', `does not exist yet; ${producer.processName} writes it`);
    return;
  }
  const watermark = watermarkFor(progress, { name: table, tableUuid: metadata['table-uuid'] });
  if (watermark !== undefined && watermark.tableUuid !== metadata['table-uuid']) {
    report(
      name,
      'fail',
      'the table was dropped and created again since the last session',
      `rebuild ${tableName(spec.target.table)} from the new source: drop it and run again`,
    );
    return;
  }
  if (watermark !== undefined && snapshotById(metadata, watermark.snapshotId) === undefined) {
    report(
      name,
      'warn',
      `the snapshot of the watermark (${watermark.snapshotId}) was expired: changes are found from live files, and removals cannot be seen`,
      'keep snapshots longer than the longest pause between two sessions',
    );
    return;
  }
  const head = mainSnapshot(metadata);
  if (head === undefined) {
    report(name, 'ok', 'has no rows yet');
    return;
  }
  if (
    watermark !== undefined &&
    metadata.refs?.[protectionTag(spec.processName)]?.['snapshot-id'] !== watermark.snapshotId
  )
    report(
      name,
      'warn',
      `no tag ${protectionTag(spec.processName)} keeps the snapshot of the watermark (${watermark.snapshotId}): once it is expired, removals cannot be seen`,
      `${source.protect ? `give psyberg leave to commit to ${table}` : 'leave protect: false out where psyberg may commit to it'} (the next run sets the tag), or keep its snapshots longer than the longest pause between two sessions`,
    );
  if (source.eventTime === undefined) {
    report(name, 'ok', 'has no event-time column: its new files are loaded as they come');
    return;
  }
  const column = columnOf(currentSchema(metadata), source.eventTime);
  if (column === undefined || storedUnit(column.type, source.eventTimeUnit) === undefined) {
    report(
      name,
      'fail',
      column === undefined
        ? `has no column '${source.eventTime}'`
        : `its column '${source.eventTime}' has the type ${String(column.type)}, which gives no time`,
      `correct event_time (integers need event_time_unit) in ${spec.file}`,
    );
    return;
  }
  if (engine !== undefined)
    await examineBounds(
      // Not the one of before: an internal error at the last source would be told of this one, too.
      await psyberg.internals.engine(),
      { metadata, head, fieldId: column.id, column: source.eventTime, name },
      report,
    );
}

interface Bounded {
  readonly metadata: TableMetadata;
  readonly head: Snapshot;
  readonly fieldId: number;
  readonly column: string;
  readonly name: string;
}

/** Files without bounds still load, but finding their hours means reading the column. */
async function examineBounds(
  engine: Engine,
  { metadata, head, fieldId, column, name }: Bounded,
  report: Report,
): Promise<void> {
  const manifests = (
    await engine.query<{ manifest_path: string; partition_spec_id: number; content: number }>({
      sql: renderStatement('session/all_manifests'),
      parameters: { manifest_list: head['manifest-list'] },
    })
  ).filter((manifest) => manifest.content === 0);
  let files = 0n;
  let without = 0n;
  let allNull = 0n;
  for (const specId of new Set(manifests.map((manifest) => manifest.partition_spec_id))) {
    const paths = manifests
      .filter((manifest) => manifest.partition_spec_id === specId)
      .map((manifest) => manifest.manifest_path);
    const [row] = await engine.query<{ files: bigint; without_bounds: bigint; all_null: bigint }>({
      sql: renderStatement('report/files_without_bounds'),
      parameters: { manifests: paths, field_id: fieldId },
    });
    files += row?.files ?? 0n;
    allNull += row?.all_null ?? 0n;
    if (!partitionTells(metadata, specId, fieldId)) without += row?.without_bounds ?? 0n;
  }
  // No statistics tell of times that are not there: to ask its writer for them would help nobody.
  if (allNull > 0n)
    report(
      name,
      'warn',
      `in ${plural(allNull, 'file')} of ${files} ${column} is NULL in every row: those rows belong to no hour`,
      `have its writer fill ${column}; a stateless process loads such rows, others count and skip them (nulls: refuse refuses them)`,
    );
  if (without === 0n)
    report(name, 'ok', `${plural(files, 'file')}, event time ${column} known from metadata`);
  else
    report(
      name,
      'warn',
      `${plural(without, 'file')} of ${files} without statistics of ${column}: a plan has to read that column in new ones`,
      `let its writer keep them: table property write.metadata.metrics.column.${column}=full`,
    );
}

/** True when the partition itself says the hour or day of the event time. */
const partitionTells = (metadata: TableMetadata, specId: number, fieldId: number): boolean =>
  metadata['partition-specs']
    .find((each) => each['spec-id'] === specId)
    ?.fields.some(
      (field) => field['source-id'] === fieldId && ['hour', 'day', 'identity'].includes(field.transform),
    ) ?? false;
