/** Finds how long the stages of sessions took. Snapshots of a target -> SessionStages. Pure. */
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { SessionStages } from '../../report/page/report-document.ts';
import type { HistoryRow } from '../../report/status.ts';
import { SUMMARY } from '../../state/summary-keys.ts';

/** Covers the sessions among `own` whose snapshots still exist, oldest first. */
export function stagesOf(
  { snapshots = [] }: TableMetadata,
  { processName }: ProcessSpec,
  own: readonly HistoryRow[],
): SessionStages[] {
  const shown = new Set(own.map(({ psyberg_session_id: id }) => id));
  return snapshots
    .flatMap(({ summary = {} }) => {
      const id = summary[SUMMARY.sessionId] ?? '';
      if (summary[SUMMARY.processName] !== processName || !shown.has(id)) return [];
      const seconds = secondsIn(summary[SUMMARY.stageSeconds]);
      return seconds === undefined ? [] : [{ psyberg_session_id: id, ...seconds }];
    })
    .toSorted((left, right) => (left.psyberg_session_id < right.psyberg_session_id ? -1 : 1));
}

const STAGES = ['init', 'load', 'audit', 'publish'] as const;

/** Undefined if somebody else wrote the text. */
function secondsIn(text: string | undefined): Omit<SessionStages, 'psyberg_session_id'> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const [init, load, audit, publish] = STAGES.map((stage) => (parsed as Record<string, unknown>)[stage]);
  const isSeconds = (value: unknown): value is number =>
    typeof value === 'number' && Number.isFinite(value) && value >= 0;
  return isSeconds(init) && isSeconds(load) && isSeconds(audit) && isSeconds(publish)
    ? { init, load, audit, publish }
    : undefined;
}
