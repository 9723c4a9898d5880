/**
 * Finds which hours of a window hold the keys that changed, over plain tables, like `session/match-keys.ts`
 * does over files. Session -> Session.
 */

import type { Relation } from '../../compare/recompute/recompute.ts';
import { hoursOfRow, keyHours } from '../../kinds/patterns/key-hours.ts';
import type { Hour } from '../../model/hour.ts';
import { ascending, union } from '../../model/hour-sets.ts';
import { tableKey } from '../../model/names.ts';
import type { SourceSpec } from '../../model/process-spec.ts';
import type { KeyMatch, Session, SourceState } from '../../model/session.ts';
import { sourceWindow } from '../../model/window-hours.ts';
import {
  eventHourFragment,
  hourCountFragment,
  identifierFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
  type TestColumn,
} from '../../statements/index.ts';
import type { Sandbox } from '../world/sandbox.ts';
import { columnNamed } from './relations.ts';
import { Doubt, NO_NEWS, once, type SessionInput } from './scene.ts';

/** Throws `Doubt` if a session might compare keys differently, or not at all. */
export async function rehearseKeys(
  sandbox: Sandbox,
  input: SessionInput,
  session: Session,
): Promise<Session> {
  if (session.sources.every(({ spec }) => spec.window?.key === undefined)) return session;
  const sources: SourceState[] = [];
  for (const source of session.sources) sources.push(await withKey(sandbox, { input, session }, source));
  return { ...session, sources };
}

interface Matching {
  readonly input: SessionInput;
  readonly session: Session;
}

async function withKey(sandbox: Sandbox, matching: Matching, source: SourceState): Promise<SourceState> {
  const key = source.spec.window?.key;
  const { session } = matching;
  if (key === undefined || source.files.length === 0) return source;
  const { candidates, later } = keyHours(session, source);
  const isFirst =
    session.target.completeToHour === undefined &&
    session.sources.every(({ watermark }) => watermark === undefined);
  const found =
    candidates.length === 0 || isFirst ? [] : await hoursWithKeys(sandbox, matching, { source, key });
  const wanted = new Set(candidates);
  return { ...source, matched: matchOf(union([found.filter((hour) => wanted.has(hour)), later])) };
}

const matchOf = (hours: readonly Hour[]): KeyMatch => ({
  hours,
  keys: 0,
  files: 0,
  bytes: 0n,
  candidateHours: 0,
  matchedHours: 0,
});

async function hoursWithKeys(
  sandbox: Sandbox,
  { input, session }: Matching,
  { source, key }: { readonly source: SourceState; readonly key: string },
): Promise<Hour[]> {
  const { spec, progress, tables, known } = input;
  const { added, changes } = progress.news.get(tableKey(source.spec.table)) ?? NO_NEWS;
  if (added.length !== changes.length) throw new Doubt('rows that went, or were written anew');
  const keys = added.map((relation) => keysOf(relation, { ...source.spec, key }));
  const holders = spec.sources
    .filter(({ window }) => window === undefined)
    .map((each) => keysOf(tables.get(tableKey(each.table)) as Relation, { ...each, key }));
  const { target } = progress;
  if (session.target.completeToHour !== undefined && columnNamed(target.columns, key) !== undefined)
    holders.push(keysOf(target, { eventTime: spec.target.eventTime, key }));
  const types = new Set([...keys, ...holders].map(({ type }) => type));
  if (types.size > 1) throw new Doubt('keys of several types');
  const changed = statementFragment(keys.map(({ query }) => `(${query.sql})`).join('\nunion all\n'));
  const limit = sandbox.workspace([]).project.windowKeyLimit;
  const { beforeHours, afterHours } = sourceWindow(source);
  const found: Hour[] = [];
  for (const { query } of holders) {
    const text = renderStatement('test/hours_with_keys', {
      rows: query,
      keys: changed,
      later: hourCountFragment(beforeHours + hoursOfRow(session, source)),
      earlier: hourCountFragment(afterHours),
    });
    const { rows } = await once(known, text, () => sandbox.query(text));
    for (const [hour, count] of rows) {
      if (Number(count) > limit) throw new Doubt('more keys than are looked for');
      found.push(Number(hour));
    }
  }
  return ascending(found);
}

interface KeysOfRows {
  /** The type in which the keys are compared. */
  readonly type: string;
  /** A query of keys and hours. */
  readonly query: SqlFragment;
}

function keysOf(
  { table, columns }: Relation,
  {
    eventTime,
    eventTimeUnit,
    key,
  }: Pick<SourceSpec, 'eventTimeUnit'> & { readonly eventTime?: string | undefined; readonly key: string },
): KeysOfRows {
  const [keyColumn, time] = [columnNamed(columns, key), columnNamed(columns, eventTime)];
  if (keyColumn === undefined || time === undefined) throw new Doubt('a table without the key');
  const query = renderStatement('test/keys_of_rows', {
    key: identifierFragment(keyColumn.name),
    hour: eventHourFragment(time, eventTimeUnit),
    table,
  });
  return { type: comparedAs(keyColumn), query: statementFragment(query) };
}

/** Types whose values are equal in SQL exactly if they are stored alike. */
const PLAIN_TYPE = /^(BOOLEAN|VARCHAR|UUID|BLOB|DECIMAL\(.*\))$/;
const INTEGER_TYPE = /^(TINYINT|SMALLINT|INTEGER|BIGINT)$/;

function comparedAs({ type }: TestColumn): string {
  if (INTEGER_TYPE.test(type)) return 'integer';
  if (!PLAIN_TYPE.test(type)) throw new Doubt(`keys of type ${type}`);
  return type;
}
