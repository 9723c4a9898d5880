/** Runs sessions, and restates what they refuse where that is the way on. Names -> published targets, compared. */
import { expect } from 'vitest';
import type { RunRecord } from '../../../src/index.ts';
import { hourAt } from '../../support/world.ts';
import { compareTarget } from './compare-targets.ts';
import { NAMES, type Name, type Step } from './history.ts';
import { nameOf, type Played, processOf } from './played.ts';
import { sidesOf } from './processes.ts';
import { foundRows, readSources, wantedRows } from './read-rows.ts';

/** Refusals after which a restate of everything is the way on. */
const RESTATED = ['history-expired', 'columns-replaced', 'source-rewound'];

export async function runSession(played: Played, names: readonly Name[] | undefined): Promise<void> {
  const { world, refused, cover, log } = played;
  const columns = await readSources(played);
  const steps = JSON.stringify(played.each);
  const asked = (names ?? NAMES).filter((name) => !refused.has(name));
  const last = new Map<Name, RunRecord>();
  if (asked.length === 0) return;
  for (const record of await world.psyberg.run(
    asked.map((name) => processOf(played, name)),
    { untilComplete: true },
  ))
    last.set(nameOf(record), record);
  for (const [name, first] of last) {
    let record = first;
    const told = `${name} ${record.status} ${record.error?.code ?? ''}`;
    log.push(`  ${told}`);
    cover(told);
    if (record.error?.code === 'process-sql-failed' || record.error?.code === 'sql-failed') {
      expect(name === 'extra' && !columns.a.includes('extra'), JSON.stringify(record)).toBe(true);
      continue;
    }
    if (name === 'extra' && !columns.a.includes('extra')) continue;
    // Files that PyIceberg adds where bounds are left out are of the partition NULL by its manifests.
    if (record.error?.code === 'rows-not-read' && /add-files/.test(steps) && /metrics/.test(steps)) {
      refused.add(name);
      continue;
    }
    if ((name === 'copy' || name === 'added') && record.error !== null) {
      log.push(`    ${record.error.message}`);
      expect(['source-changed', 'history-expired', 'rows-not-read'], JSON.stringify(record)).toContain(
        record.error.code,
      );
      refused.add(name);
      if (name === 'copy' && record.error.code === 'source-changed') await coverFalseRefusal(played);
      continue;
    }
    if (RESTATED.includes(record.error?.code ?? '')) {
      const after = await restated(played, name);
      if (after === undefined) continue;
      record = after;
    }
    expect(['published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(record.status);
    await compareTarget(played, name, record);
    await noteHeads(played, name);
  }
}

/** Of which snapshots a target is now. */
export async function noteHeads(played: Played, name: Name): Promise<void> {
  const heads = new Map<string, string>();
  for (const side of sidesOf[name]) {
    const { 'current-snapshot-id': id } = await played.world.metadata(`raw.${side}`);
    heads.set(`raw.${side}`, String(id));
  }
  played.loadedAt.set(name, heads);
}

export async function restateSome(
  played: Played,
  { name, hours }: Extract<Step, { kind: 'restate' }>,
): Promise<void> {
  const { world, log, cover } = played;
  const text = hours?.map((hour) => hourAt(hour).slice(0, 13)).join('..');
  try {
    const [record] = await world.psyberg.restate(
      processOf(played, name),
      text === undefined ? { all: true } : { hours: text },
    );
    log.push(`  restated ${record?.status} ${record?.error?.code ?? ''}`);
    cover(`restate ${name} ${record?.status} ${record?.error?.code ?? ''}`);
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    log.push(`  restate thrown ${code} ${message}`);
    cover(`restate ${name} thrown ${code}`);
  }
}

/** All rows that it loaded are still there. */
async function coverFalseRefusal(played: Played): Promise<void> {
  const left = await wantedRows(played, 'copy', hourAt(0));
  const gone = (await foundRows(played, 'copy', 'true')).filter((row) => {
    const at = left.indexOf(row);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  if (gone.length > 0) return;
  played.cover('copy refused where no row that it has is gone');
}

async function restated(played: Played, name: Name): Promise<RunRecord | undefined> {
  const { cover, log } = played;
  try {
    const records = await played.world.psyberg.restate(processOf(played, name), { all: true });
    const record = records.find((each) => nameOf(each) === name) as RunRecord;
    const told = `restated ${name} ${record.status} ${record.error?.code ?? ''}`;
    log.push(`  ${told}`);
    cover(told);
    if (record.error !== null) return refuse(played, name);
    // It computed hours as of the watermark.
    const after = (await played.world.psyberg.run([processOf(played, name)], { untilComplete: true })).at(-1);
    return after?.error === null ? after : refuse(played, name);
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    log.push(`  restate ${name} thrown ${code} ${message}`);
    cover(`restate ${name} thrown ${code}`);
  }
  return refuse(played, name);
}

function refuse({ refused }: Played, name: Name): undefined {
  refused.add(name);
}
