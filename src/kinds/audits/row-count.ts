/** `row_count`: a session stages at least, or at most, so many rows. */
import * as z from 'zod';
import type { AuditSpec } from '../../model/process-spec.ts';
import { renderStatement } from '../../statements/index.ts';
import { strictMap } from '../shapes.ts';
import type { AuditKind } from './audit-kind.ts';

export interface RowCountAudit extends AuditSpec {
  readonly min?: number;
  readonly max?: number;
}
const count = z.int('must be a whole number').min(0).optional();
const argument = strictMap({ min: count, max: count })
  .refine(({ min, max }) => min !== undefined || max !== undefined, {
    error: 'row_count needs min or max',
    params: { hint: 'write - row_count: { min: 1 }' },
  })
  .refine(({ min = 0, max = min }) => min <= max, {
    error: 'row_count has a min above its max',
    params: { hint: 'exchange them' },
  });

export const rowCount: AuditKind<RowCountAudit, z.infer<typeof argument>> = {
  argument,
  example: '- row_count: { min: 1 }',
  meaning: 'So many rows are staged by the session. One of the two keys is enough.',
  keys: { min: 'The least, included.', max: 'The most, included.' },
  read: ({ min, max }) => ({ ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }),
  isCounted: () => true,
  compile: (_audit, { staged }) => renderStatement('audit/row_count', { staged }),
  readsTarget: () => false,
  judge: ([row], { min, max }) => {
    const actual = BigInt((row?.['actual'] as bigint | undefined) ?? 0n);
    const expected =
      min === undefined ? `at most ${max}` : max === undefined ? `at least ${min}` : `${min} to ${max}`;
    const isWithin = actual >= BigInt(min ?? 0) && (max === undefined || actual <= BigInt(max));
    return { status: isWithin ? 'passed' : 'failed', expected, actual: String(actual), badRows: [] };
  },
};
