/** The audits, one file each, by the name that a header gives them. */
import { acceptedValues } from './accepted-values.ts';
import type { AuditKind } from './audit-kind.ts';
import { expression } from './expression.ts';
import { freshness } from './freshness.ts';
import { noMissingEvents } from './no-missing-events.ts';
import { notNull } from './not-null.ts';
import { relationships } from './relationships.ts';
import { rowCount } from './row-count.ts';
import { sourceToTargetCount } from './source-to-target-count.ts';
import { sqlAudit } from './sql.ts';
import { unique } from './unique.ts';

export type { AuditRow, AuditScope, Expression, QueryFile } from './audit-kind.ts';
export { IN_DUCKDB } from './audit-kind.ts';

const AUDITS = {
  source_to_target_count: sourceToTargetCount,
  no_missing_events: noMissingEvents,
  not_null: notNull,
  unique,
  accepted_values: acceptedValues,
  relationships,
  row_count: rowCount,
  freshness,
  expression,
  sql: sqlAudit,
} satisfies Record<string, AuditKind>;

export type AuditName = keyof typeof AUDITS;
export const AUDIT_NAMES = Object.keys(AUDITS) as AuditName[];
export const isAuditName = (text: string): text is AuditName => Object.hasOwn(AUDITS, text);

/** The kind of an audit, by its name in a header or by `kind` of an audit that was read. */
export const auditKind = (name: string): AuditKind => AUDITS[name as AuditName];
