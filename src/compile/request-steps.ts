/**
 * Makes the steps that are requests to the catalog and not SQL. Plan -> steps. They are shown as a comment,
 * and executed by their kind.
 */
import { protectionTag } from '../model/names.ts';
import type { Plan } from '../model/plan.ts';
import type { OnSchemaChange, ProcessSpec } from '../model/process-spec.ts';
import { branchName } from '../model/session-branch.ts';
import type {
  CloseSessionStep,
  EndNameStep,
  OpenSessionStep,
  ProtectWatermarksStep,
  PublishStep,
  Step,
} from '../model/step.ts';
import { SESSION_CATALOG } from './session-tables.ts';

/** A step that says what it asks of the catalog. */
export const request = <Asked extends Pick<Step, 'kind' | 'stage' | 'name'>>(asked: Asked, what: string) => ({
  ...asked,
  sql: `-- catalog: ${what}`,
  parameters: {},
});

/** What becomes of columns that only running finds: the statements below are compiled again then. */
const NEW_COLUMNS: Readonly<Record<OnSchemaChange, string>> = {
  refuse: '',
  append: '; columns that only the query has are added to it',
  ignore: '; columns that only the query has are left out',
};

export const openSessionRequest = (plan: Plan, spec: ProcessSpec): OpenSessionStep =>
  request(
    { kind: 'open-session', stage: 'branch', name: 'open_session' },
    `attach the session as ${SESSION_CATALOG}: sources pinned, ${plan.target.table} on branch ${branchName(plan.process_name, plan.psyberg_session_id)}${NEW_COLUMNS[spec.onSchemaChange]}`,
  );

/** `to`: what `main` becomes, and what else the commit holds. */
export const publishRequest = ({ target }: Plan, to: string): PublishStep =>
  request(
    { kind: 'publish', stage: 'publish', name: 'publish' },
    `one commit: ${target.table} main from ${target.base_snapshot_id ?? 'empty'} to ${to}`,
  );

/** A tag on each source whose watermark moves, so that the snapshot it names is not expired. */
export function protectRequests(plan: Plan): ProtectWatermarksStep[] {
  const moving = plan.sources.flatMap(
    ({ table, protect, head, watermark, protected_snapshot_id: tagged }) => {
      const id = (head ?? watermark)?.snapshot_id;
      return protect && id !== undefined && id !== tagged ? [`${table} at snapshot ${id}`] : [];
    },
  );
  if (moving.length === 0) return [];
  const tags = moving.join(', ');
  return [
    request(
      { kind: 'protect-watermarks', stage: 'cleanup', name: 'protect_watermarks' },
      `tag ${protectionTag(plan.process_name)} on ${tags}; no session fails without it`,
    ),
  ];
}

/** Takes away what another name of the process has left. */
export const endNameRequest = (ended: string): EndNameStep =>
  request(
    { kind: 'end-name', stage: 'cleanup', name: 'end_name', ended },
    `drop the tags of ${ended} on the sources, and what its sessions have left`,
  );

/**
 * The last step: as long as the session's marker is there, the next session of the process looks for what
 * this one may have left, in its sources too.
 */
export const closeRequest = (): CloseSessionStep =>
  request(
    { kind: 'close-session', stage: 'cleanup', name: 'close_session' },
    `detach ${SESSION_CATALOG}, remove the staging files`,
  );
