/**
 * Defines the YAML header of a process file as a zod schema, with the forms in which its parts may be
 * written. It checks shapes only; rules between parts are in `check-header.ts`.
 */
import * as z from 'zod';
import { filled, strictMap } from '../kinds/shapes.ts';
import { ACCEPTABLE, type AcceptedFinding } from '../model/accepted-findings.ts';
import { ENGINE_NAMES, type EngineName } from '../model/engines.ts';
import { GRAINS, type Grain } from '../model/grain.ts';
import { DURATION_PATTERN, durationMs } from '../model/hour.ts';
import { tableNameProblem } from '../model/names.ts';
import { ON_LOOKUP_CHANGE, type OnLookupChange, PATTERN_NAMES, type Pattern } from '../model/process-spec.ts';
import { parseStart, START_FORMS, START_PATTERN } from '../model/start.ts';
import { auditSchemaWith } from './header-audits.ts';
import { filesKeys, type HeaderFiles } from './header-files.ts';
import { type HeaderOnSignal, onSignalSchema } from './header-on-signal.ts';
import { type HeaderVtts, vttsSchema } from './header-vtts.ts';
import { type HeaderWindow, WINDOW_PATTERN, windowHours } from './header-window.ts';
import { NO_OWN_AUDITS, type OwnAudits } from './own-audits.ts';
import { nameText } from './plain-values.ts';
import { choice, judgedText } from './validate.ts';

/** `namespace.table` as text. */
export const tableText = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$/, {
  error: (issue) =>
    typeof issue.input === 'string' ? (tableNameProblem(issue.input) ?? 'not a table name') : undefined,
});

const patternName = z.enum(PATTERN_NAMES);
const patternId = z.union([z.literal(1), z.literal(2)]);
const pattern = choice(
  (value) => (value === 1 || value === 2 ? patternId : patternName),
  z.union([patternName, patternId]),
);

/** YAML reads a snapshot id without quotes as a number, and then its last digits are lost. */
const startText = choice(
  (value) =>
    typeof value === 'string' && parseStart(value) !== undefined
      ? z.string()
      : {
          message: `start must be ${START_FORMS}`,
          ...(typeof value === 'number'
            ? { hint: 'put the snapshot id in quotes: as a number it loses digits' }
            : {}),
        },
  z.string().regex(START_PATTERN),
);

const DURATION_RULE = 'must be a number with m, h or d, such as 30m, 1h or 2d';

const windowSpan = choice(
  (value) =>
    typeof value === 'string' && windowHours(value) !== undefined
      ? z.string()
      : {
          message: 'before and after of a window are whole hours or days: a number with h or d',
          hint: 'write it as 12h or 30d',
        },
  z.string().regex(WINDOW_PATTERN),
).optional();

const source = strictMap({
  table: tableText.optional(),
  ...filesKeys,
  alias: nameText.optional(),
  event_time: filled.optional(),
  event_time_unit: z.enum(['epoch_s', 'epoch_ms', 'epoch_us']).optional(),
  window: strictMap({ before: windowSpan, after: windowSpan, key: filled.optional() }).optional(),
  lookup: z.boolean().optional(),
  on_change: z.enum(ON_LOOKUP_CHANGE).optional(),
  key: filled.optional(),
  vtts: vttsSchema.optional(),
  on_source_change: z.enum(['refuse', 'append-added']).optional(),
  nulls: z.enum(['refuse', 'skip']).optional(),
  future_tolerance: judgedText(
    z.string(DURATION_RULE).refine((text) => durationMs(text) !== undefined, DURATION_RULE),
    DURATION_PATTERN,
  ).optional(),
  start: startText.optional(),
  protect: z.boolean().optional(),
});

/** A number or true/false is read as its text, since people write `format-version: 2`. */
const propertyValue = choice(
  (value) => (typeof value === 'number' || typeof value === 'boolean' ? z.unknown() : z.string()),
  z.union([z.string(), z.number(), z.boolean()]),
);

const target = strictMap({
  table: tableText,
  event_time: filled.optional(),
  partition_by: z.array(z.string()).optional(),
  properties: z.record(z.string(), propertyValue).optional(),
  existing_rows: z.enum(['refuse', 'keep']).optional(),
});

export const headerSchema = strictMap({
  process_name: nameText,
  pattern: pattern.optional(),
  etl_pattern_id: patternId.optional(),
  engine: z.enum(ENGINE_NAMES).optional(),
  sources: z.array(source).min(1),
  target,
  on_schema_change: z.enum(['refuse', 'append', 'ignore']).optional(),
  audits: z.array(auditSchemaWith(NO_OWN_AUDITS)).optional(),
  hours: z.enum(['contiguous', 'touched']).optional(),
  grain: z.enum(GRAINS).optional(),
  catchup: strictMap({
    threshold_hours: z.int('threshold_hours must be a whole number').min(1).optional(),
    load: z.enum(['changed', 'range']).optional(),
    order: z.enum(['oldest', 'newest']).optional(),
    hours_per_session: z.int('hours_per_session must be a whole number').min(1).optional(),
  }).optional(),
  accept: z.array(z.enum(ACCEPTABLE)).optional(),
  on_signal: onSignalSchema.optional(),
});

const schemas = new WeakMap<OwnAudits, typeof headerSchema>([[NO_OWN_AUDITS, headerSchema]]);

/** The schema for a project that has these audits besides the built-in ones. */
export function headerSchemaWith(own: OwnAudits): typeof headerSchema {
  const schema =
    schemas.get(own) ?? headerSchema.extend({ audits: z.array(auditSchemaWith(own)).optional() });
  schemas.set(own, schema);
  return schema;
}

/** The header as written, once its schema has accepted it. */
export interface Header {
  readonly process_name: string;
  readonly pattern?: Pattern | 1 | 2;
  readonly etl_pattern_id?: 1 | 2;
  readonly engine?: EngineName;
  readonly sources: readonly HeaderSource[];
  readonly target: {
    readonly table: string;
    readonly event_time?: string;
    readonly partition_by?: readonly string[];
    readonly properties?: Readonly<Record<string, string | number | boolean>>;
    readonly existing_rows?: 'refuse' | 'keep';
  };
  readonly on_schema_change?: 'refuse' | 'append' | 'ignore';
  readonly audits?: readonly unknown[];
  readonly hours?: 'contiguous' | 'touched';
  readonly grain?: Grain;
  readonly accept?: readonly AcceptedFinding[];
  readonly catchup?: {
    readonly threshold_hours?: number;
    readonly load?: 'changed' | 'range';
    readonly order?: 'oldest' | 'newest';
    readonly hours_per_session?: number;
  };
  readonly on_signal?: HeaderOnSignal;
}
export interface HeaderSource extends HeaderFiles {
  readonly table?: string;
  readonly alias?: string;
  readonly event_time?: string;
  readonly event_time_unit?: 'epoch_s' | 'epoch_ms' | 'epoch_us';
  readonly window?: HeaderWindow;
  readonly lookup?: boolean;
  readonly on_change?: OnLookupChange;
  readonly key?: string;
  readonly vtts?: HeaderVtts;
  readonly on_source_change?: 'refuse' | 'append-added';
  readonly nulls?: 'refuse' | 'skip';
  readonly future_tolerance?: string;
  readonly start?: string;
  readonly protect?: boolean;
}
