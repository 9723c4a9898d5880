/** Plays a history of commands at the same time, and holds what they left against plain SQL. */
import { setTimeout as sleep } from 'node:timers/promises';
import { disturb, swap } from './disturb.ts';
import type { History, Round } from './history.ts';
import { judgeBeside, playLane } from './lanes.ts';
import { type Many, openMany, putFile } from './many.ts';
import { expectNothingLeft, settle } from './settle.ts';

const DAY_AND_MORE_SECONDS = 25 * 3600;

export async function playMany(each: History, cover: (what: string) => void): Promise<void> {
  const many = await openMany(each, cover);
  if (many === undefined) return cover('no clock can be moved');
  const { world, log } = many.played;
  try {
    await begin(many);
    for (const [index, round] of each.rounds.entries()) {
      many.log(`-- round ${index}`);
      await playRound(many, round);
      if (many.sleepers.length === 0) await settle(many);
    }
    await wakeUp(many, true);
    await settle(many);
    await expectNothingLeft(many);
    cover('history');
  } catch (error) {
    (error as Error).message += `\n${log.join('\n')}\n${world.root}`;
    throw error;
  } finally {
    for (const { started } of many.sleepers) started.wake();
    for (const clock of Object.values(many.clocks)) clock.close();
    if (process.env['PSYBERG_PROPERTY_KEEP'] === undefined) await world.close();
  }
}

async function begin(many: Many): Promise<void> {
  const { first } = many.each;
  putFile(many, 0, 2);
  for (const side of ['a', 'b'] as const) {
    // The last hour for both: their targets do not wait.
    const batch = [...first[side], { hour: first.lastHour, count: 1 }];
    await disturb(many, { kind: 'change', side, operation: { kind: 'land', batch } });
  }
  if (first.isLoaded) await settle(many);
}

async function playRound(many: Many, round: Round): Promise<void> {
  const { before, lanes, foreign, swapped } = round;
  many.isSwapped = swapped !== undefined && (await swap(many, swapped));
  many.mayBeLocked =
    many.sleepers.length > 0 ||
    lanes.some(({ fate }) => fate.kind === 'paused' || fate.kind === 'sleeps') ||
    foreign.some(({ kind }) => kind === 'lock');
  if (before.file > 0) putFile(many, before.file, before.file);
  for (const side of ['a', 'b'] as const) {
    const batch = before[side];
    if (batch !== undefined)
      await disturb(many, { kind: 'change', side, operation: { kind: 'land', batch } });
  }
  const disturbing = async (): Promise<void> => {
    for (const each of foreign) {
      await sleep(Math.random() * 700);
      await disturb(many, each);
    }
  };
  const playing = lanes.map(async (lane) => {
    await sleep(lane.afterMs);
    await playLane(many, lane);
  });
  await Promise.all([disturbing(), ...playing]);
  if (many.isSwapped && swapped !== undefined) await swap(many, swapped);
  many.isSwapped = false;
  if (many.sleepers.length > 0) moveClocks(many);
  await wakeUp(many, false);
}

/** Who sleeps does so for longer than a day. */
function moveClocks(many: Many): void {
  many.movedSeconds += DAY_AND_MORE_SECONDS;
  many.clocks.here.moveBy(many.movedSeconds);
  many.clocks.other.moveBy(many.movedSeconds + many.each.skewSeconds);
  many.log('clocks moved');
}

async function wakeUp(many: Many, all: boolean): Promise<void> {
  for (const sleeper of [...many.sleepers]) {
    sleeper.wakesIn -= 1;
    if (sleeper.wakesIn > 0 && !all) continue;
    many.sleepers.splice(many.sleepers.indexOf(sleeper), 1);
    many.log(`wakes ${JSON.stringify(sleeper.lane.work)}`);
    sleeper.started.wake();
    judgeBeside(many, await sleeper.started.ended, true);
  }
}
