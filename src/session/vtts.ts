/**
 * Asks the provider of a source how far that source is complete (VTTS). Source -> hour. The plan takes the
 * least over all sources.
 */
import { type Engine, forkForQueries, type ParserVerdict, parseQuery } from '../engine/index.ts';
import { type AskedSource, type AskedWarehouse, vttsKind } from '../kinds/vtts/index.ts';
import { LAKE_CATALOG } from '../model/engines.ts';
import type { Hour } from '../model/hour.ts';
import type { TableIdentifier } from '../model/names.ts';
import type { SourceSpec } from '../model/process-spec.ts';

export interface VttsInput extends Omit<AskedSource, 'table' | 'warehouse'> {
  readonly spec: SourceSpec;
  /** The last hour that is not of the future. */
  readonly lastAllowedHour: Hour;
  readonly engine: () => Promise<Engine>;
}

/**
 * The hour up to which the source is complete, inclusive; undefined while its provider knows none. At most
 * now: a provider may name a later hour, for a table that is complete for good, but then rows set aside as
 * future would be loaded, and hours computed that have not come. Throws `vtts-invalid`.
 */
export async function askVtts(input: VttsInput): Promise<Hour | undefined> {
  const { vtts, table } = input.spec;
  const warehouse = async () => warehouseOf(await input.engine(), table);
  const hour = await vttsKind(vtts.kind).ask(vtts, { ...input, table, warehouse });
  return hour === undefined ? undefined : Math.min(hour, input.lastAllowedHour);
}

const warehouseOf = (engine: Engine, { namespace }: TableIdentifier): AskedWarehouse => ({
  query: (statement, ...parameters) => engine.query(statement, ...parameters),
  parse: (query) => parseQuery<ParserVerdict>(engine, query),
  // On a connection of its own: the default catalog is changed there, and statements beside it must not
  // notice.
  answer: async (query) => {
    const own = await forkForQueries(engine);
    try {
      return await own.inDatabase({ name: LAKE_CATALOG, schema: namespace.join('.') }, () =>
        own.table({ sql: query, parameters: {} }),
      );
    } finally {
      await own.release();
    }
  },
});
