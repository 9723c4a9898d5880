/**
 * Recomputes a process of an engine other than DuckDB, by that engine. Warehouse of the sandbox, in its
 * current state -> table in memory. Its sources are the tables themselves: what arrivals landed, and targets
 * that were already found to be right.
 */
import { withPinnedTables } from '../../compare/pinned-tables.ts';
import type { LookupUse } from '../../compare/recompute/lookup-states.ts';
import { type EngineRecompute, engineRecompute } from '../../compare/recompute/on-engine.ts';
import type { RecomputeInput, Relation } from '../../compare/recompute/recompute.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import { tableKey } from '../../model/names.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { lakeTable } from '../../statements/index.ts';
import { type WorkBeside, withWorkBeside } from '../../workspace/work-beside.ts';
import { columnsIn } from '../world/make-tables.ts';
import type { Sandbox } from '../world/sandbox.ts';
import { recomputeAsUsed } from './recompute-lookups.ts';

/** `uses`: as for a recompute by DuckDB. Throws the engine's errors, and `target-missing`. */
export async function recomputeOnEngine(
  sandbox: Sandbox,
  input: Omit<RecomputeInput, 'relations'>,
  uses: readonly LookupUse[] | undefined,
): Promise<Relation | undefined | 'unknown'> {
  const { spec } = input;
  const workspace = sandbox.workspace([spec]);
  const target = (await workspace.client.loadTableToRead(spec.target.table))?.metadata;
  return withPinnedTables(workspace, `test@${spec.processName}`, (pinned) =>
    withWorkBeside(workspace, spec, async (beside) => {
      // Only undefined for DuckDB.
      const engine = engineRecompute(beside as WorkBeside, pinned, { spec, target });
      const relations = await sourcesNow(sandbox, spec, engine);
      const all = { ...input, relations, onEngine: engine.recompute };
      return recomputeAsUsed(sandbox, all, uses && usesOn(engine, spec, uses));
    }),
  );
}

/** Shows the sources that exist. */
async function sourcesNow(
  sandbox: Sandbox,
  spec: ProcessSpec,
  engine: EngineRecompute,
): Promise<Map<string, Relation>> {
  const { client } = sandbox.workspace([]);
  const relations = new Map<string, Relation>();
  for (const [index, source] of spec.sources.entries()) {
    const metadata = (await client.loadTableToRead(source.table))?.metadata;
    if (metadata === undefined) continue;
    const table = lakeTable(source.table);
    relations.set(tableKey(source.table), {
      table,
      columns: await columnsIn(sandbox, table),
      engine: engine.source(`source_${index}`, source, { metadata, snapshot: mainSnapshot(metadata) }),
    });
  }
  return relations;
}

/** Shows the engine the states of lookups that sessions used. */
const usesOn = (engine: EngineRecompute, spec: ProcessSpec, uses: readonly LookupUse[]): LookupUse[] =>
  uses.map(({ hours, lookups }, use) => ({
    hours,
    lookups: new Map(
      [...lookups].map(([key, relation]) => {
        const index = spec.sources.findIndex(({ table }) => tableKey(table) === key);
        const source = spec.sources[index];
        return source === undefined || relation.asOf === undefined
          ? [key, relation]
          : [key, { ...relation, engine: engine.source(`lookup_${use}_${index}`, source, relation.asOf) }];
      }),
    ),
  }));
