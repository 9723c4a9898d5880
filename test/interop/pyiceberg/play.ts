/** Plays a history of PyIceberg step by step, and holds each session's work against plain SQL over what PyIceberg reads. */
import { createWorld } from '../../support/world.ts';
import { adopt } from './adopt.ts';
import { changeSource } from './change-sources.ts';
import { FIRST_DAY_MS, type History, type Step } from './history.ts';
import { HOUR_MS, type Played } from './played.ts';
import { filesOf } from './processes.ts';
import { restateSome, runSession } from './sessions.ts';
import type { PyIceberg } from './source-writer.ts';
import { sparkOn } from './spark.ts';

const LAST: Step = { kind: 'session', names: undefined };

export async function playPyIceberg(
  each: History,
  python: PyIceberg,
  cover: (what: string) => void,
  bySpark = false,
): Promise<void> {
  const world = await createWorld({ processes: filesOf(each) });
  const played: Played = {
    each,
    world,
    python,
    spark: bySpark ? await sparkOn(world) : undefined,
    log: [],
    refused: new Set(),
    isLast: false,
    changed: new Set(['a', 'b', 'l']),
    columns: {},
    processOf: new Map(),
    loadedAt: new Map(),
    holdsMore: new Set(),
    seen: new Set(),
    next: 1,
    files: 0,
    cover,
  };
  try {
    world.nowMs = FIRST_DAY_MS + 40 * HOUR_MS;
    await python.connect(world);
    for (const side of ['a', 'b', 'l'] as const)
      await python.ask('create', {
        table: `raw.${side}`,
        ...each.shapes[side],
        properties: { 'format-version': each.shapes[side].version, ...each.shapes[side].properties },
        via: 'rest',
      });
    for (const step of [...each.steps, LAST]) {
      played.isLast = step === LAST;
      played.log.push(JSON.stringify(step));
      await playStep(played, step);
    }
    cover('history');
  } catch (error) {
    (error as Error).message += `\n${JSON.stringify(each.shapes)}\n${played.log.join('\n')}\n${world.root}`;
    throw error;
  } finally {
    await played.spark?.close();
    if (process.env['PSYBERG_PROPERTY_KEEP'] === undefined) await world.close();
  }
}

async function playStep(played: Played, step: Step): Promise<void> {
  const { world, python, cover } = played;
  if (step.kind === 'change') played.changed.add(step.side);
  if (step.kind === 'change') return changeSource(played, step.side, step.operation, step.via);
  if (step.kind === 'session') return runSession(played, step.names);
  if (step.kind === 'adopt') return adopt(played, step);
  if (step.kind === 'restate') return restateSome(played, step);
  if (step.kind === 'reopen') {
    await world.reopen();
    await played.spark?.close();
    if (played.spark !== undefined) played.spark = await sparkOn(world);
    await python.connect(world);
    return;
  }
  for (const side of ['a', 'b', 'l'] as const) played.changed.add(side);
  const { tables } = await world.psyberg.maintain(undefined, {
    olderThanMs: 0,
    orphanGraceMs: 0,
    force: true,
  });
  for (const { error } of tables) if (error !== null) cover(`maintain ${error.code}`);
  played.log.push(
    `maintain ${JSON.stringify(tables.map(({ error }) => error?.message ?? null).filter(Boolean))}`,
  );
}
