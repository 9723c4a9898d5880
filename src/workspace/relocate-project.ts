/**
 * Corrects the paths in a project's warehouse after its folder was moved or copied. ProjectSpec -> report.
 */
import { openWarehouseFiles } from '../catalog/index.ts';
import type { Engine } from '../engine/index.ts';
import type { RelocateRequest } from '../maintain/index.ts';
import { usageError } from '../model/errors.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { RelocateReport } from '../model/relocate-record.ts';
import { CATALOG_NAME } from './project-catalog.ts';

/**
 * Every table must be within reach of this process alone.
 * @throws PsybergError those of `relocateWarehouse`, and `relocate-foreign-catalog`.
 */
export async function relocateProject(
  { catalog }: ProjectSpec,
  request: RelocateRequest & {
    readonly onStep?: (message: string) => void;
    readonly interrupted: () => boolean;
  },
): Promise<RelocateReport> {
  if (catalog.kind === 'rest')
    throw usageError('relocate-foreign-catalog', `the tables belong to the catalog at ${catalog.uri}`, {
      hint: 'only the warehouse of an embedded catalog is relocated here',
    });
  const [{ relocateWarehouse }, { openEngine }] = await Promise.all([
    import('../maintain/relocate/relocate-warehouse.ts'),
    import('../engine/index.ts'),
  ]);
  const { kind: _embedded, storage: _ofFiles, ...place } = catalog;
  const warehouse = await openWarehouseFiles({ ...place, catalogName: CATALOG_NAME });
  let opening: Promise<Engine> | undefined;
  try {
    return await relocateWarehouse(
      {
        warehouse,
        sharesDatabase: catalog.kind === 'embedded-database',
        engine: () => (opening ??= openEngine()),
        onStep: request.onStep ?? (() => undefined),
        interrupted: request.interrupted,
      },
      request,
    );
  } finally {
    await (await opening?.catch(() => undefined))?.close();
    await warehouse.store.close();
  }
}
