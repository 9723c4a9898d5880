/** Makes the parts of a plan that every pattern shares, except its sources. Session -> plan parts. Pure. */

import { auditKind } from '../kinds/audits/index.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { engineOf } from '../model/engines.ts';
import { withGrain } from '../model/grain.ts';
import { tableName } from '../model/names.ts';
import type { Plan, PlanTarget, SessionStatus } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { Session } from '../model/session.ts';
import { hourJson } from './describe-source.ts';
import { sqlOfSession } from './sql-of-session.ts';

/** Why the session runs. */
const triggerOf = ({ restate }: Session): Pick<Plan, 'trigger' | 'reason' | 'restates_all'> =>
  restate === undefined
    ? { trigger: 'changes' }
    : {
        trigger: 'restate',
        ...(restate.reason === undefined ? {} : { reason: restate.reason }),
        ...(restate.isAll === true ? { restates_all: true } : {}),
      };

type PlanHead = Pick<
  Plan,
  | 'plan_version'
  | 'process_name'
  | 'psyberg_session_id'
  | 'pattern'
  | 'etl_pattern_id'
  | 'status'
  | 'trigger'
  | 'reason'
  | 'restates_all'
  | 'grain'
  | 'warnings'
  | 'process_sha256'
  | 'opened_at'
  | 'variables'
  | 'target'
  | 'sql_changed'
  | 'sql'
>;

/** The parts of a plan that do not depend on the pattern's rules. */
export function planHead(session: Session, status: SessionStatus): PlanHead {
  const { spec } = session;
  return {
    plan_version: 1,
    process_name: spec.processName,
    psyberg_session_id: session.psybergSessionId,
    pattern: spec.pattern,
    etl_pattern_id: patternOf(spec).etlPatternId,
    ...(engineOf(spec) === 'duckdb' ? {} : { engine: engineOf(spec) }),
    status,
    ...triggerOf(session),
    ...withGrain(spec),
    // Warnings about the query are added where it is parsed.
    warnings: [],
    process_sha256: spec.sqlSha256,
    ...sqlOfSession(session, status),
    ...openedAtJson(session),
    ...variablesJson(spec),
    target: targetJson(session),
  };
}

/** The session's clock, where an audit or the SQL over files may ask for it. */
const openedAtJson = ({ spec, openedAtMs }: Session): Pick<Plan, 'opened_at'> =>
  spec.audits.some((audit) => auditKind(audit.kind).readsClock === true) ||
  spec.sources.some(({ files }) => files !== undefined)
    ? { opened_at: new Date(openedAtMs).toISOString() }
    : {};

const variablesJson = ({ variables }: ProcessSpec): Pick<Plan, 'variables'> =>
  variables === undefined
    ? {}
    : {
        variables: Object.fromEntries(Object.entries(variables).map(([name, { value }]) => [name, value])),
      };

function targetJson({ spec, target, restate }: Session): PlanTarget {
  return {
    table: tableName(spec.target.table),
    operation: restate?.hours === undefined ? patternOf(spec).operation : 'overwrite',
    table_uuid: target.tableUuid ?? null,
    base_snapshot_id: target.baseSnapshotId === undefined ? null : String(target.baseSnapshotId),
    exists: target.exists,
    previous_session_id: target.previousSessionId ?? null,
    complete_to_hour: hourJson(target.completeToHour),
    ...(target.announcedToHour === undefined
      ? {}
      : { announced_to_hour: hourJson(target.announcedToHour ?? undefined) }),
    format_version: Math.max(
      2,
      target.formatVersion ?? Number(spec.target.properties['format-version'] ?? 2),
    ),
    event_time:
      target.eventTime === undefined
        ? null
        : { field_id: target.eventTime.fieldId, type: target.eventTime.type, unit: target.eventTime.unit },
    layout: target.layout ?? null,
  };
}
