/**
 * Checks the stores in which a project's tables lie: how each is reached and who says so, and whether one
 * object can be written, read, listed and deleted there. Workspace -> Check[]. Writes nothing to a store
 * that only holds sources.
 */
import { randomUUID } from 'node:crypto';
import { isInAzure } from '../model/azure-access.ts';
import { PsybergError } from '../model/errors.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import type { StorageOrigin } from '../model/storage-settings.ts';
import { isInStore } from '../objects/location.ts';
import { storeOf } from '../objects/mounts.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { Report } from '../report/doctor.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

interface TableInStore {
  readonly table: TableIdentifier;
  readonly location: string;
  /** Its metadata file; undefined if the catalog does not tell it. */
  readonly metadataLocation: string | undefined;
  /** True if sessions write there. */
  readonly isWritten: boolean;
}

export async function examineStores(workspace: Workspace, report: Report): Promise<void> {
  const roots = new Map<string, TableInStore>();
  const tables = await tablesInStores(workspace);
  for (const each of tables) {
    const root = /^[a-z0-9]+:\/\/[^/]+/i.exec(each.location)?.[0] ?? each.location;
    const known = roots.get(root);
    if (known === undefined || (each.isWritten && !known.isWritten)) roots.set(root, each);
  }
  for (const [root, each] of roots) await examineStore(workspace, { root, ...each }, report);
  // A foreign catalog reads them itself.
  if (workspace.project.catalog.kind !== 'rest') await examineMetadata(tables, report);
}

/**
 * Checks that metadata files exist: this machine may have read copies of its own, which other clients lack.
 */
async function examineMetadata(tables: readonly TableInStore[], report: Report): Promise<void> {
  const locations = new Map(tables.map(({ table, metadataLocation }) => [metadataLocation, table]));
  for (const [location, table] of locations) {
    const store = location === undefined ? undefined : storeOf(location);
    // A store that does not answer is reported above.
    const isThere = await store?.exists(location as string).catch(() => undefined);
    if (isThere === false)
      report(
        tableName(table),
        'fail',
        `its metadata file ${location} is not in the store: this machine has a copy of it, others cannot read the table`,
        'restore the file, or run psyberg here until a session commits to the table: that writes the next one',
      );
  }
}

/** Lists sources, targets and the engine's own tables, as far as they exist. */
async function tablesInStores({ project, client }: Workspace): Promise<TableInStore[]> {
  const sources = project.processes
    .flatMap(({ sources }) => sources)
    .filter(({ files }) => files === undefined)
    .map(({ table }) => ({ table, isWritten: false }));
  const written = [...project.processes.map(({ target }) => target.table), ...Object.values(project.tables)];
  const found: TableInStore[] = [];
  for (const { table, isWritten } of [...sources, ...written.map((table) => ({ table, isWritten: true }))]) {
    // Whatever is wrong with a table is reported by the check of that table.
    const loaded = await client.loadTable(table).catch(() => undefined);
    if (loaded === undefined || !isRemote(loaded.metadata.location)) continue;
    const { metadataLocation, metadata } = loaded;
    found.push({ table, location: metadata.location, metadataLocation, isWritten });
  }
  return found;
}

const isRemote = (location: string): boolean =>
  /^[a-z][a-z0-9+]*:\/\/[^/]/i.test(location) && !location.startsWith('file:');

async function examineStore(
  { project, client }: Workspace,
  { root, table, location, isWritten }: TableInStore & { readonly root: string },
  report: Report,
): Promise<void> {
  try {
    const origins = project.catalog.kind === 'rest' ? await client.describeStorage(table) : [];
    const said = settingsText(root, origins);
    const store = storeOf(location);
    if (store === undefined) {
      const { what, hint } = withoutKeys(location);
      report(
        'storage',
        hint === undefined ? 'ok' : 'warn',
        `${root}: ${what}${said}; DuckDB's own secrets and environment are used`,
        hint,
      );
      return;
    }
    const can = isWritten ? await writesAndDeletes(store, location) : await reads(store, location);
    report('storage', can.hint === undefined ? 'ok' : 'warn', `${root}: ${can.what}${said}`, can.hint);
  } catch (error) {
    if (!(error instanceof PsybergError)) throw error;
    report('storage', 'fail', `${root}: ${error.message}`, error.hint);
  }
}

interface Ability {
  readonly what: string;
  readonly hint?: string;
}

/** Describes a store that only DuckDB may reach. */
function withoutKeys(location: string): Ability {
  if (isInAzure(location))
    return {
      what: 'psyberg has no key of its own',
      hint: 'set adls.account-key, adls.sas-token or adls.connection-string under catalog.storage in psyberg.yaml: what a killed session has left is found and deleted by that',
    };
  const what = 'nobody hands out keys';
  if (!isInStore(location)) return { what };
  return {
    what,
    hint: 'set catalog.storage in psyberg.yaml (credentials: chain takes the keys of this machine); DuckDB cannot have requests signed by the catalog (remote signing)',
  };
}

async function writesAndDeletes(store: ObjectStore, location: string): Promise<Ability> {
  const object = `${location}/metadata/psyberg-doctor-${randomUUID()}`;
  await store.writeNew(object, 'psyberg doctor looks whether it may write here');
  if ((await store.read(object)) === undefined)
    return { what: 'an object that was written is not there', hint: 'look at the rules of the bucket' };
  const lists = await mayBeRefused(async () => (await store.list(object)).length === 1);
  const deletes = await mayBeRefused(async () => {
    await store.remove([object]);
    return !(await store.exists(object));
  });
  if (lists && deletes) return { what: 'an object was written, read, listed and deleted' };
  const not = [...(lists ? [] : ['listed']), ...(deletes ? [] : ['deleted'])].join(' or ');
  return {
    what: `an object was written and read, but not ${not}${deletes ? '' : ` (${object} stays)`}`,
    hint: 'allow it to the keys: what a killed session has left is found and deleted by that',
  };
}

/**
 * Checks that a store of sources answers. Sources are read by names that the catalog knows, so the right to
 * list is not needed.
 */
async function reads(store: ObjectStore, location: string): Promise<Ability> {
  await store.exists(`${location}/metadata/psyberg-doctor`);
  return { what: 'answers' };
}

async function mayBeRefused(work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PsybergError && error.code === 'storage-denied') return false;
    throw error;
  }
}

/** Lists endpoint, style and region with where each comes from; of secrets only where they come from. */
function settingsText(root: string, origins: readonly StorageOrigin[]): string {
  const said = origins.map(
    ({ key, value, from }) => `${key}${value === undefined ? '' : ` ${value}`} (${from})`,
  );
  const names = new Set(origins.map(({ key }) => key));
  const unsaid = /^s3/.test(root)
    ? [
        ...(names.has('s3.endpoint') ? [] : ['s3.endpoint is that of AWS (nobody says)']),
        ...(names.has('client.region') || names.has('s3.region')
          ? []
          : ['client.region us-east-1 (nobody says)']),
      ]
    : [];
  const all = origins.length === 0 ? said : [...said, ...unsaid];
  return all.length === 0 ? '' : `; ${all.join(', ')}`;
}
