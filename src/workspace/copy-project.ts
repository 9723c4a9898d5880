/**
 * Copies the warehouse of a project to another place, with a catalog of its own. ProjectSpec -> report. The
 * project itself is not changed: it uses the copy only once somebody writes its place into psyberg.yaml.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openWarehouseFiles, type Warehouse } from '../catalog/index.ts';
import type { Engine } from '../engine/index.ts';
import type { RelocateRequest } from '../maintain/index.ts';
import { usageError } from '../model/errors.ts';
import type { CatalogSpec, ProjectSpec } from '../model/process-spec.ts';
import type { RelocateReport } from '../model/relocate-record.ts';
import { withoutSlash } from '../model/without-slash.ts';
import { withWholeBundle } from '../objects/certificates.ts';
import { objectLocation } from '../objects/location.ts';
import { mountStore } from '../objects/mounts.ts';
import { storeOnDemand } from '../objects/store-on-demand.ts';
import { CATALOG_NAME } from './project-catalog.ts';
import { storageOfStores } from './storage.ts';

export interface CopyPlace {
  /** `s3://bucket/prefix`, `gs://…` or a folder. */
  readonly to: string;
  /** Of a copy in a store: the folder of its pointers, from psyberg.yaml. Default: `.psyberg`. */
  readonly state?: string;
  /** `postgres://…`, in place of SQLite. */
  readonly database?: string;
}
export type CopyRequest = RelocateRequest & {
  readonly onStep?: (message: string) => void;
  readonly interrupted: () => boolean;
};

/** @throws PsybergError those of `copyWarehouse`, and `relocate-foreign-catalog`. */
export async function copyProject(
  { catalog, root }: ProjectSpec,
  place: CopyPlace,
  request: CopyRequest,
): Promise<RelocateReport> {
  if (catalog.kind === 'rest')
    throw usageError('relocate-foreign-catalog', `the tables belong to the catalog at ${catalog.uri}`, {
      hint: 'only the warehouse of an embedded catalog is copied here',
    });
  const storage = storageOfStores(catalog);
  const unmount = ['s3://', 'gs://'].map((scheme) => mountStore(scheme, storeOnDemand(storage)));
  const { kind: _embedded, storage: _asWritten, storageChain: _too, ...from } = catalog;
  const opened: Warehouse[] = [];
  const open = async (options: Parameters<typeof openWarehouseFiles>[0]): Promise<Warehouse> => {
    const warehouse = await openWarehouseFiles({ ...options, storage, catalogName: CATALOG_NAME });
    opened.push(warehouse);
    return warehouse;
  };
  const [{ copyWarehouse }, { openEngine }] = await Promise.all([
    import('../maintain/relocate/copy-warehouse.ts'),
    import('../engine/index.ts'),
  ]);
  let opening: Promise<Engine> | undefined;
  const engine = (): Promise<Engine> => {
    opening ??= openEngine().then(async (running) => {
      await running.useStorage(async () => {
        const config = withWholeBundle(await storage());
        return ['s3://', 'gs://'].map((scope) => ({ scope, config }));
      });
      return running;
    });
    return opening;
  };
  try {
    const { onStep = () => undefined, interrupted } = request;
    const warehouse = await open(from);
    const target = placeOf(catalog, root, place);
    return await copyWarehouse(
      {
        warehouse,
        to: target.warehouse,
        openTarget: () => open(target),
        targetExists:
          target.database !== undefined || existsSync(join(target.state ?? target.warehouse, 'catalog.db')),
        engine,
        onStep,
        interrupted,
      },
      request,
    );
  } finally {
    await (await opening?.catch(() => undefined))?.close();
    for (const warehouse of opened) await warehouse.store.close();
    for (const each of unmount) each();
  }
}

/** Where the copy and its pointers are. */
function placeOf(
  catalog: CatalogSpec,
  root: string,
  { to, state, database }: CopyPlace,
): Parameters<typeof openWarehouseFiles>[0] {
  const store = objectLocation(to);
  // Also with one slash: `s3:/bucket` is a slip, and no folder of that name.
  if (store === undefined && /^[a-z][a-z0-9+.-]*:\//i.test(to))
    throw usageError('usage', `--to ${to} is no place for a warehouse`, {
      hint: 'name a folder, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX',
    });
  if (state !== undefined && (store === undefined || database !== undefined))
    throw usageError('usage', '--state is for a copy in an object store whose pointers are in no database', {
      hint: 'leave it out',
    });
  if (store === undefined) return { warehouse: resolve(to), ...(database === undefined ? {} : { database }) };
  const warehouse = withoutSlash(to);
  if (database !== undefined) return { warehouse, database };
  const folder = resolve(root, state ?? '.psyberg');
  if (catalog.kind === 'embedded' && catalog.state === folder)
    throw usageError('usage', `${folder} holds the pointers of the warehouse that is to be copied`, {
      hint: 'name another folder for those of the copy: --state FOLDER',
    });
  return { warehouse, state: folder };
}
