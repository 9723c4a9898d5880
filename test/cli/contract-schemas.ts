/**
 * The JSON of `plan` and `run` as programs may rely on it. Keys may be added, so objects are open; what
 * stands here must be there.
 */
import { z } from 'zod';

const id = z.string().regex(/^\d+$/);
const count = z.string().regex(/^\d+$/);
const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
const hour = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:00:00Z$/);
const position = z.looseObject({
  table_uuid: z.uuid(),
  snapshot_id: id,
  sequence_number: id,
  committed_at: instant,
});
const range = z.looseObject({ first_hour: hour, last_hour: hour }).nullable();

const errorJson = z.strictObject({
  code: z.string().regex(/^[a-z0-9-]+$/),
  kind: z.enum(['usage', 'audit', 'conflict', 'refused', 'unavailable', 'interrupted', 'unexpected']),
  message: z.string().min(1),
  hint: z.string().nullable(),
  context: z.record(z.string().regex(/^[a-z0-9_]+$/), z.unknown()),
  retryable: z.boolean(),
});
export const errorDocument = z.strictObject({ error: errorJson });

const planJson = z.looseObject({
  process_name: z.string(),
  psyberg_session_id: z.string().regex(/^\d{14}$/),
  pattern: z.enum(['stateless', 'stateful', 'dimension']),
  etl_pattern_id: z.union([z.literal(1), z.literal(2)]),
  status: z.enum(['work', 'follows', 'nothing-new', 'waiting']),
  follows: z.array(z.string()),
  expected_hours: z.array(hour),
  trigger: z.enum(['changes', 'restate']),
  sources: z.array(
    z.looseObject({
      table: z.string(),
      event_time: z.string().nullable(),
      watermark: position.nullable(),
      head: position.nullable(),
      detected_by: z.enum(['first-load', 'snapshots', 'rewound', 'live-files']),
      changes: z.array(
        z.looseObject({
          snapshot_id: id,
          operation: z.string(),
          committed_at: instant,
          counted: z.boolean(),
          reason: z.string().nullable(),
          added_files: z.int(),
          removed_files: z.int(),
          added_rows: count,
          removed_rows: count,
        }),
      ),
      processing_uris: z.array(
        z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
      ),
      first_hour: hour.nullable(),
      last_hour: hour.nullable(),
      vtts_hour: hour.nullable(),
      bounds_from: z.enum(['manifest', 'partition', 'scan']).nullable(),
      rows: count,
      files: z.int(),
      bytes: count,
    }),
  ),
  range,
  hours: z.array(
    z.looseObject({
      hour,
      causes: z.array(
        z.looseObject({
          source: z.string(),
          snapshot_id: id,
          file: z.string(),
          operation: z.string().nullable(),
        }),
      ),
      cause_count: z.int(),
    }),
  ),
  owed_hours: z.array(hour),
  held_back_by: z.string().nullable(),
  target: z.looseObject({
    table: z.string(),
    operation: z.enum(['append', 'overwrite']),
    base_snapshot_id: id.nullable(),
    exists: z.boolean(),
  }),
  steps: z.array(
    z.looseObject({
      stage: z.string(),
      name: z.string(),
      sql: z.string(),
      parameters: z.record(z.string(), z.unknown()),
    }),
  ),
});
export const planDocument = z.strictObject({ plans: z.array(planJson) });

const runJson = z.looseObject({
  process_name: z.string(),
  psyberg_session_id: z.string(),
  status: z.enum(['published', 'nothing-new', 'waiting', 'audit-failed', 'conflict', 'refused', 'failed']),
  trigger: z.enum(['changes', 'restate']),
  target: z.string(),
  operation: z.enum(['append', 'overwrite']),
  published_snapshot_id: id.nullable(),
  branch: z.string(),
  rows_read: count,
  rows_written: count,
  range,
  owed_hours: z.array(hour),
  audits: z.array(
    z.looseObject({
      name: z.string(),
      severity: z.enum(['block', 'warn']),
      status: z.enum(['passed', 'failed']),
      expected: z.string(),
      actual: z.string(),
      sample: z.array(z.record(z.string(), z.unknown())),
      kept: z.strictObject({ table: z.string(), rows: count, query: z.string() }).nullable(),
    }),
  ),
  seconds: z.looseObject({
    init: z.number(),
    load: z.number(),
    audit: z.number(),
    publish: z.number(),
    total: z.number(),
  }),
  error: errorJson.nullable(),
});
export const runDocument = z.strictObject({ runs: z.array(runJson) });
