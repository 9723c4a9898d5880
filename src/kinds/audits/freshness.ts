/** `freshness`: the newest row of the target is at most so old when the session begins. */
import * as z from 'zod';
import { durationMs } from '../../model/hour.ts';
import type { AuditSpec } from '../../model/process-spec.ts';
import { identifierFragment, renderStatement } from '../../statements/index.ts';
import { filled, strictMap } from '../shapes.ts';
import type { AuditKind } from './audit-kind.ts';
import { selectsBadRows } from './selects-bad-rows.ts';

export interface FreshnessAudit extends AuditSpec {
  readonly column: string;
  readonly maxAgeMs: number;
}
const RULE = 'max_age must be a number with m, h or d, such as 30m, 2h or 1d';
const argument = strictMap({
  column: filled,
  max_age: z.string().refine((text) => durationMs(text) !== undefined, RULE),
});

export const freshness: AuditKind<FreshnessAudit, z.infer<typeof argument>> = selectsBadRows({
  argument,
  example: '- freshness: { column: <column>, max_age: 2h }',
  meaning:
    "A row of the target, as it will be, is at most so old by the session's clock: that of its plan. A target without such a row fails; NULL is never fresh.",
  keys: {
    column: 'A timestamp or date; those without a zone are UTC, a date is its midnight.',
    max_age: 'A number with m, h or d.',
  },
  read: ({ column, max_age: maxAge }) => ({ column, maxAgeMs: durationMs(maxAge) as number }),
  badRows: ({ column }, { staged, whole }) =>
    renderStatement('audit/freshness', { staged, target: whole, column: identifierFragment(column) }),
  values: ({ maxAgeMs }, { openedAtMs }): ReturnType<NonNullable<AuditKind['values']>> =>
    openedAtMs === undefined || Number.isNaN(openedAtMs)
      ? {}
      : { fresh_from: { type: 'TIMESTAMP', value: new Date(openedAtMs - maxAgeMs).toISOString() } },
  readsClock: true,
  readsTarget: () => true,
});
