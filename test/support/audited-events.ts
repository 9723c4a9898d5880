/**
 * A process of events (`event-tables.ts` has rows for it) with audits, and whether it has a target.
 */
import { processFile, tableId, type World } from './world.ts';

export const auditedProcess = (
  audits: readonly unknown[],
  sql = 'select id, ts from e',
  pattern = 'stateless',
) =>
  processFile(
    {
      process_name: 'event_load',
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.events', event_time: 'ts' },
      audits,
    },
    sql,
  );

export const targetExists = (world: World) =>
  world.psyberg.internals.client.tableExists(tableId('facts.events'));
