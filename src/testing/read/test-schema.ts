/**
 * Declares `tests/*.yaml` as a zod schema. It judges shapes; relations between keys are in `check-test.ts`.
 */
import * as z from 'zod';
import { filled, strictMap } from '../../kinds/shapes.ts';
import { ERROR_CODES } from '../../model/error-codes.ts';
import { INSTANT_PATTERN, instantOf } from '../../model/hour.ts';
import { didYouMean } from '../../project/did-you-mean.ts';
import { isMap } from '../../project/plain-values.ts';
import { choice, foundType, judgedText, type NoChoice } from '../../project/validate.ts';

/** An hour or a day. */
const HOUR_TEXT = /^\d{4}-\d\d-\d\d(?:[T ]\d\d(:00(:00)?)?Z?)?$/;
const hour = z.string().regex(HOUR_TEXT, 'must be an hour such as 2023-09-14T05, or a day');
const instant = judgedText(
  z
    .string()
    .refine((text) => !Number.isNaN(instantOf(text)), 'must be a UTC time such as 2023-09-14T06:05:00Z'),
  INSTANT_PATTERN,
);

const RUN_STATUS = [
  'published',
  'nothing-new',
  'waiting',
  'audit-failed',
  'conflict',
  'refused',
  'failed',
] as const;

const cells = z.record(z.string(), z.unknown());
const inlineRows = z.array(cells);
const OTHER_ROWS = {
  csv: strictMap({ csv: z.string() }),
  sql: strictMap({ sql: filled }),
  file: strictMap({ file: filled }),
} as const;
const ROW_FORMS = 'a list of rows, {csv: <text>}, {sql: <query>} or {file: <path>}';

function pickRows(value: unknown): z.ZodType | NoChoice {
  if (Array.isArray(value)) return inlineRows;
  if (!isMap(value)) return { message: `rows of a table are ${ROW_FORMS}; found ${foundType(value)}` };
  const [key] = Object.keys(value);
  if (key !== undefined && Object.hasOwn(OTHER_ROWS, key)) return OTHER_ROWS[key as keyof typeof OTHER_ROWS];
  return {
    message: key === undefined ? `rows of a table are ${ROW_FORMS}` : `unknown key '${key}' in rows`,
    hint: didYouMean(key ?? '', Object.keys(OTHER_ROWS), 'known keys'),
  };
}
const rows = choice(pickRows, z.union([inlineRows, ...Object.values(OTHER_ROWS)]));

/** Table names are checked together with the processes that read them. */
const byTable = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value);
const completeTo = choice((value) => (isMap(value) ? byTable(hour) : hour), z.union([hour, byTable(hour)]));

const errorCode = z.enum(Object.keys(ERROR_CODES) as [string, ...string[]]);
const expectation = strictMap({
  status: z.enum(RUN_STATUS).optional(),
  operation: z.enum(['append', 'overwrite']).optional(),
  hours: z.array(hour).optional(),
  owed_hours: z.array(hour).optional(),
  audits: z.record(z.string(), z.enum(['passed', 'failed'])).optional(),
  row_count: z.number().int().min(0).optional(),
  rows: z.array(cells).optional(),
  error: choice(
    (value) => (value === null ? z.null() : errorCode),
    z.union([errorCode, z.null()]),
  ).optional(),
});

const arrival = strictMap({
  at: instant.optional(),
  complete_to: completeTo.optional(),
  delete: byTable(filled).optional(),
  rows: byTable(rows).optional(),
  expect: expectation.optional(),
  expect_of: z.record(z.string(), expectation).optional(),
});

const orders = choice(
  (value) => (typeof value === 'number' ? z.number().int().min(1) : z.enum(['all', 'given'])),
  z.union([z.enum(['all', 'given']), z.number().int().min(1)]),
);

/** One entry of `tests:`. */
export const testSchema = strictMap({
  name: filled,
  process: filled.optional(),
  processes: z.array(filled).min(1).optional(),
  arrivals: z.array(arrival).min(1),
  equals_recompute: z.boolean().optional(),
  orders: orders.optional(),
  seed: z.number().int().min(0).optional(),
  vtts: z.enum(['real']).optional(),
});
