/**
 * Rehearses one session of a process over plain tables: which hours it loads, as its pattern decides; what
 * its query returns for them; and what the target holds then. Scene + process -> Progress.
 */

import type { Relation } from '../../compare/recompute/recompute.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import type { Hour } from '../../model/hour.ts';
import { spanOf, union } from '../../model/hour-sets.ts';
import { tableKey } from '../../model/names.ts';
import type { TestColumn } from '../../statements/index.ts';
import type { Sandbox } from '../world/sandbox.ts';
import { loadHours, stage } from './load-hours.ts';
import { rehearseAudits } from './rehearse-audits.ts';
import { rehearseKeys } from './rehearse-keys.ts';
import { columnNamed, createFrom, hoursIn, unionOf } from './relations.ts';
import { Doubt, type News, NO_NEWS, type Progress, type ReadUpTo, type SessionInput } from './scene.ts';
import { sessionValue } from './session-value.ts';

/** What a session did: its progress, and the news for those who read its target. */
export interface Rehearsed {
  readonly progress: Progress;
  readonly news: News;
}

/** Throws `Doubt`, and what patterns refuse. */
export async function rehearseSession(sandbox: Sandbox, session: SessionInput): Promise<Rehearsed> {
  const { spec, progress, tables } = session;
  if (spec.sources.some(({ table }) => !tables.has(tableKey(table)))) return { progress, news: NO_NEWS };
  return patternOf(spec).loadsHours ? overwriteHours(sandbox, session) : appendRows(sandbox, session);
}

const least = (hours: readonly (Hour | undefined)[]): Hour | undefined =>
  hours.every((hour) => hour !== undefined) ? Math.min(...(hours as readonly Hour[])) : undefined;

async function appendRows(sandbox: Sandbox, session: SessionInput): Promise<Rehearsed> {
  const { spec, progress, nameTable, tables, known } = session;
  const newsOf = spec.sources.map(({ table }) => progress.news.get(tableKey(table)) ?? NO_NEWS);
  const idle = { progress: { ...progress, news: new Map() }, news: NO_NEWS };
  if (newsOf.every(({ added }) => added.length === 0)) return idle;
  const sources = spec.sources.map(({ alias, table }, index) => ({
    alias,
    rows: unionOf(newsOf[index]?.added ?? [], tables.get(tableKey(table)) as Relation),
  }));
  const hours = spanOf(union(newsOf.flatMap(({ changes }) => changes.map((change) => [...change.hours]))));
  const staged = await stage(sandbox, session, { sources, hours });
  const whole = nameTable();
  await createFrom(sandbox, whole, 'test/with_rows', { table: progress.target.table, rows: staged });
  await rehearseAudits(sandbox, spec, { sources, ownSources: sources, hours, staged, whole });
  const complete = least(session.vtts);
  const { columns } = progress.target;
  const rows = { table: staged, columns };
  return {
    progress: {
      target: { table: whole, columns },
      completeTo:
        complete === undefined ? progress.completeTo : Math.max(complete, progress.completeTo ?? complete),
      read: new Map(),
      news: new Map(),
    },
    news: {
      added: [rows],
      changes: [{ hours: await hoursIn(sandbox, known, rows, spec.target), ofFile: false }],
    },
  };
}

const isDate = (column: TestColumn | undefined): boolean => column?.type === 'DATE';

async function overwriteHours(sandbox: Sandbox, session: SessionInput): Promise<Rehearsed> {
  const { spec, progress, tables, landed } = session;
  for (const { table, eventTime } of spec.sources)
    if (isDate(columnNamed(tables.get(tableKey(table))?.columns ?? [], eventTime)))
      throw new Doubt('an event time that is a date');
  const opened = await rehearseKeys(sandbox, session, sessionValue(session));
  const { status, hours, sources } = patternOf(spec).decide(opened);
  if (status !== 'work') return { progress, news: NO_NEWS };
  const whole = await loadHours(sandbox, session, hours);
  const reached = hours.at(-1) as Hour;
  const read = new Map<string, ReadUpTo>();
  for (const { source, owed } of sources) {
    const key = tableKey(source.spec.table);
    if (landed.has(key)) read.set(key, { owedHours: owed, newestHour: source.newestHour });
  }
  return {
    progress: {
      target: { table: whole, columns: progress.target.columns },
      completeTo: Math.max(reached, progress.completeTo ?? reached),
      read,
      news: new Map(),
    },
    news: { added: [], changes: [{ hours: new Set(hours), ofFile: false }] },
  };
}
