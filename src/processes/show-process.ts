/**
 * Reads the rows that a process's query returns now, or that it would read. Process + hours -> rows. Reads
 * only.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import { usageError } from '../model/errors.ts';
import type { CompiledPlan, Plan, PlanStatus } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { didYouMean } from '../project/did-you-mean.ts';
import { complaintAbout } from '../run/columns/look-at-columns.ts';
import { withLook } from '../run/drivers/look.ts';
import type { Opened } from '../run/session.ts';
import { workOf } from '../run/session.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { complainingOfSql } from './bound-complaint.ts';
import { isReadable, type PlannedLook, planLook } from './plan-look.ts';

export interface ShowRequest {
  /** As `--hours` takes them, both ends included; default: the next session. */
  readonly hours?: string;
  /** Alias of the source whose rows are shown in place of the query's. */
  readonly source?: string;
  /** As many rows at most; default: all. */
  readonly limit?: number;
}

/** Rows with their columns. */
export interface Shown {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  /** The rows as objects. */
  toObjects(): Record<string, unknown>[];
  readonly process_name: string;
  /** The alias, where rows of a source are shown. */
  readonly source: string | null;
  /** What a session would find to do; `work` with hours that were named. */
  readonly status: PlanStatus;
  readonly range: Plan['range'];
  /** True where there are more rows than the limit. */
  readonly has_more: boolean;
  /** What a reader has to know of the rows, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Throws `source-missing` for a source that the process does not have, what `planLook` throws, and
 * `process-sql-failed`.
 */
export const showProcess = (workspace: Workspace, spec: ProcessSpec, request: ShowRequest): Promise<Shown> =>
  complainingOfSql(workspace, spec, () => shownNow(workspace, spec, request));

async function shownNow(workspace: Workspace, spec: ProcessSpec, request: ShowRequest): Promise<Shown> {
  const alias = request.source === undefined ? undefined : aliasOf(spec, request.source);
  const look = await planLook(workspace, spec, request.hours);
  const { plan, notes } = look;
  const head = {
    process_name: spec.processName,
    source: alias ?? null,
    status: plan.status,
    range: isReadable(look) && look.asked === 'last' ? null : plan.range,
  };
  if (!isReadable(look)) return { ...head, ...NO_ROWS, has_more: false, notes };
  const { limit } = request;
  const ports = await workspace.ports(spec);
  return withLook(ports, { plan, spec, computes: alias === undefined }, async (opened, targetColumns) => {
    const read = { look, alias, limit, targetColumns };
    const { rows, more } = await readLook(opened, read);
    const isCut = limit !== undefined && look.asked !== 'last' && rows.rows.length > limit;
    return {
      ...head,
      ...(isCut ? firstRows(rows, limit) : rows),
      has_more: isCut,
      notes: [...notes, ...more],
    };
  });
}

type Rows = Pick<Shown, 'columns' | 'rows' | 'toObjects'>;
const NO_ROWS: Rows = { columns: [], rows: [], toObjects: () => [] };

const firstRows = (all: Rows, limit: number): Rows => ({
  columns: all.columns,
  rows: all.rows.slice(0, limit),
  toObjects: () => all.toObjects().slice(0, limit),
});

interface Reading {
  readonly look: PlannedLook;
  readonly alias: string | undefined;
  readonly limit: number | undefined;
  readonly targetColumns: readonly string[];
}

/** `more`: notes. Where nothing is new only the columns are asked for. */
async function readLook(
  opened: Opened,
  { look, alias, limit, targetColumns }: Reading,
): Promise<{ readonly rows: Rows; readonly more: readonly string[] }> {
  const { ports, spec } = opened;
  const { workload } = ports;
  const { look: dialect } = workload.dialect;
  const { asked } = look;
  const plan = asked === 'last' ? withoutHours(opened.plan) : opened.plan;
  // One more tells whether there are others.
  const atMost = asked === 'last' ? 0 : limit === undefined ? undefined : limit + 1;
  const onStep = (name: string): void => ports.onStep(`${spec.processName}: ${name}`);
  if (alias !== undefined)
    return { rows: await workload.look(dialect.source(plan, alias, atMost), onStep), more: [] };
  const shape = await workload.shape(workOf(opened), targetColumns);
  const complaint = await complaintAbout(opened, shape.columns);
  // A dimension cannot be computed without it.
  if (complaint !== undefined && patternOf(spec).readsPrevious && lacksEventTime(spec, shape.columns))
    throw complaint;
  const rows = await workload.look(dialect.rows(plan, spec, { shape, limit: atMost }), onStep);
  const empty = asked === 'given' ? await workload.lookForNothing(dialect.emptySources(plan)) : [];
  return {
    rows,
    more: [
      ...empty.map((each) => `${each} has no row in these hours (any more)`),
      ...(complaint === undefined ? [] : [`a session would be refused: ${complaint.message}`]),
    ],
  };
}

const lacksEventTime = ({ target }: ProcessSpec, columns: readonly { readonly name: string }[]): boolean =>
  columns.every(({ name }) => name.toLowerCase() !== target.eventTime?.toLowerCase());

/** A dimension without an hour to compute. */
const withoutHours = (plan: CompiledPlan): CompiledPlan =>
  patternOf(plan).readsPrevious ? { ...plan, hours: [] } : plan;

function aliasOf(spec: ProcessSpec, written: string): string {
  const aliases = spec.sources.map(({ alias }) => alias);
  const found = aliases.find((alias) => alias.toLowerCase() === written.toLowerCase());
  if (found !== undefined) return found;
  throw usageError('source-missing', `${spec.processName} has no source '${written}'`, {
    hint: didYouMean(written, aliases, 'its sources'),
    context: { process_name: spec.processName, found: written, sources: aliases },
  });
}
