/**
 * Checks whether the Spark of a project answers, and whether it reaches what sessions need. Workspace -> what
 * was found. If Spark finds tables as files, a file is put beside a table of the project, and removed.
 */
import { randomUUID } from 'node:crypto';
import type { CatalogClient, LoadedTable } from '../catalog/client/catalog-client.ts';
import type { ViewTable } from '../catalog/index.ts';
import type { ViewPorts } from '../changes/source.ts';
import { filesBeginning } from '../files/list.ts';
import { makeLocalFolder } from '../files/local.ts';
import { filesRemoved, removeFile } from '../files/remove.ts';
import { engineOf } from '../model/engines.ts';
import { usageError } from '../model/errors.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import { plainPath } from '../model/plain-path.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import { removeEmptyFolders } from '../run/leftovers/empty-folders.ts';
import { folderBeside } from '../run/views/views-folder.ts';

export interface SparkThere {
  readonly version: string;
  readonly iceberg: string;
  /** The pair that is tested, where it is another one. */
  readonly tested: string | undefined;
  /** How its sessions mean SQL: psyberg sets it, whatever the cluster does by itself. */
  readonly means: string;
  /** What it reaches. */
  readonly reaches: readonly string[];
}

interface ExaminePorts extends ViewPorts {
  readonly project: ProjectSpec;
  readonly client: CatalogClient;
}

const NAME = 'doctor@spark';

/** Undefined where no process asks for it. Throws as a session on it would. */
export async function examineSpark(ports: ExaminePorts): Promise<SparkThere | undefined> {
  const { project, views, endpoint } = ports;
  if (project.processes.every((spec) => engineOf(spec) !== 'spark')) return undefined;
  const spark = project.engines?.spark;
  const found = await tableWithFiles(ports);
  const options = {
    ...{ spark, environment: process.env },
    onProgress: () => undefined,
    onWaiting: () => undefined,
  };
  const { examineSession, TESTED_PAIR } = await import('../workload/spark/examine.ts');
  const folder = found === undefined ? undefined : folderBeside(found.metadata, `doctor-${randomUUID()}`);
  views.open({ name: NAME, tables: found === undefined ? [] : [shown(found)], readOnly: true });
  try {
    const served = { warehouse: NAME, ...endpoint, viewsFolder: async () => madeFolder(folder) };
    const { version, iceberg, isTested, means } = await examineSession(options, served, found && SHOWN);
    return {
      version,
      iceberg,
      means,
      tested: isTested ? undefined : TESTED_PAIR,
      reaches: [
        ...(spark?.catalog === undefined ? ['the catalog'] : []),
        ...(found === undefined ? [] : [`the files of ${tableName(found.table)}`]),
      ],
    };
  } finally {
    views.close(NAME);
    if (folder !== undefined) await removeFolder(plainPath(folder));
  }
}

/** Under it the table is shown. */
const SHOWN = 'looked_at';

interface FoundTable {
  readonly table: TableIdentifier;
  readonly metadata: LoadedTable['metadata'];
}

const shown = ({ table, metadata }: FoundTable): ViewTable => ({
  identifier: { namespace: ['sources'], name: SHOWN },
  table,
  show: { kind: 'snapshot', snapshotId: metadata['current-snapshot-id'] as bigint },
});

/** A target of a process on Spark, else a source of one. What is wrong with a table is said elsewhere. */
async function tableWithFiles({ project, client }: ExaminePorts): Promise<FoundTable | undefined> {
  const processes = project.processes.filter((spec) => engineOf(spec) === 'spark');
  const tables = [
    ...processes.map(({ target }) => target.table),
    ...processes.flatMap(({ sources }) =>
      sources.flatMap((each) => (each.files === undefined ? [each.table] : [])),
    ),
  ];
  for (const table of tables) {
    const metadata = (await client.loadTable(table).catch(() => undefined))?.metadata;
    if (typeof metadata?.['current-snapshot-id'] === 'bigint') return { table, metadata };
  }
  return undefined;
}

function madeFolder(folder: string | undefined): string {
  if (folder === undefined)
    throw usageError(
      'spark-files-unreachable',
      'there is no table yet whose files Spark could be asked for',
      {
        hint: 'fill a source, and look again',
      },
    );
  makeLocalFolder(folder);
  return folder;
}

async function removeFolder(folder: string): Promise<void> {
  for (const { path } of await filesBeginning(folder, '').catch(() => [])) removeFile(path);
  await filesRemoved();
  removeEmptyFolders(folder);
}
