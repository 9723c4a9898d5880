/** Commands of a lane, one after the other, and whether what they ended with is right beside others. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Ended, startCommand } from './command.ts';
import type { Lane, Work } from './history.ts';
import type { Many } from './many.ts';
import { isHonest } from './settle.ts';

/** What a command may end with beside others. */
const BESIDE = new Set([
  // Others were first.
  ...[
    'target-moved',
    'session-overtaken',
    'session-running',
    'session-busy',
    'publish-contended',
    'source-moved',
  ],
  ...[
    'plan-stale',
    'staging-lost',
    'step-out-of-order',
    'session-unknown',
    'session-plan-missing',
    'compaction-overtaken',
    'commit-conflict',
  ],
  ...[
    'not-published',
    'not-verifiable',
    'table-missing',
    'target-missing',
    'source-missing',
    'session-published',
  ],
  // Of restates.
  ...[
    'restate-hours-beyond',
    'restate-source-unread',
    'restate-hours-gone',
    'restate-target-changed',
    'restate-hours-unknown',
    'restate-without-hours',
    'restate-shared-target',
  ],
]);
const SWAPPED = new Set([
  'target-replaced',
  'source-replaced',
  'target-schema-mismatch',
  'target-event-time',
  'event-time-missing',
  'sql-failed',
  'process-sql-failed',
  'grain-changed',
]);
const LOCKED = new Set(['catalog-database-unavailable', 'commit-unknown']);

export async function playLane(many: Many, lane: Lane): Promise<void> {
  const { work, fate } = lane;
  const run = async (argv: readonly string[], mine: Lane['fate'] = fate): Promise<Ended | undefined> => {
    // A machine that sleeps is another one.
    const isOther = lane.machine === 'other' || mine.kind === 'sleeps';
    const { environment } = isOther ? many.clocks.other : many.clocks.here;
    const started = startCommand(argv, {
      fate: mine,
      cwd: many.played.world.root,
      environment: isOther ? { ...environment, HOST_NAMED: 'another-machine' } : environment,
    });
    many.log(`${isOther ? 'other' : 'here'}: ${argv.join(' ')} ${JSON.stringify(mine)}`);
    if (mine.kind === 'sleeps' && (await started.asleep)) {
      many.log(`sleeps ${argv.join(' ')}`);
      many.cover(`sleeps ${work.kind}`);
      many.sleepers.push({ lane, started, wakesIn: mine.rounds });
      return undefined;
    }
    const ended = await started.ended;
    judgeBeside(many, ended, false);
    return ended;
  };
  switch (work.kind) {
    case 'run':
      await run([
        'run',
        ...(work.only === undefined ? [] : [work.only]),
        ...(work.jobs === 1 ? [] : ['--jobs', String(work.jobs)]),
        ...(work.untilComplete ? ['--until-complete'] : []),
      ]);
      return;
    case 'planned': {
      const file = join(many.played.world.root, `plan-${many.plans++}.json`);
      const planned = await run(['plan', ...(work.only === undefined ? [] : [work.only]), '--out', file], {
        kind: 'ends',
      });
      if (planned?.code === 0) await run(['run', '--plan', file]);
      return;
    }
    case 'steps':
      return playSteps(many, lane, work, run);
    case 'restate':
      await run([
        'restate',
        work.only,
        '--all',
        ...(work.downstream ? ['--downstream'] : []),
        ...(work.downstream && work.atomic ? ['--atomic'] : []),
      ]);
      return;
    case 'maintain':
      await run([
        'maintain',
        '--only',
        work.tasks,
        ...(work.tasks.includes('expire') ? ['--older-than', '0d'] : []),
      ]);
      return;
    case 'retire':
      many.retired.add(work.only);
      await run(['retire', work.only]);
      return;
    case 'look':
      await run([work.command]);
      return;
  }
}

/** An orchestrator that repeats a step that was killed, or never comes back. */
async function playSteps(
  many: Many,
  { fate }: Lane,
  { only, repeats }: Extract<Work, { kind: 'steps' }>,
  run: (argv: readonly string[], fate?: Lane['fate']) => Promise<Ended | undefined>,
): Promise<void> {
  many.sessions += 1;
  const at = new Date(Date.now() + many.movedSeconds * 1000 + many.sessions * 1000);
  const id = at.toISOString().replace(/\D/g, '').slice(0, 14);
  const names = ['init', 'load', 'audit', 'publish', 'commit'];
  const struck = fate.kind === 'ends' ? -1 : fate.line % names.length;
  const fewer = fate.kind === 'ends' ? fate : { ...fate, line: 1 + (fate.line % 14) };
  for (const [index, step] of names.entries()) {
    const argv = ['session', step, `--process_name=${only}`, `--psyberg_session_id=${id}`];
    const ended = await run(argv, index === struck ? fewer : { kind: 'ends' });
    if (ended === undefined) return;
    if (ended.killed) {
      if (!repeats) return;
      const again = await run(argv, { kind: 'ends' });
      if (again?.code !== 0) return;
    } else if (ended.code !== 0) return;
  }
  many.cover('steps to the end');
}

const codesOf = ({ json = {} }: Ended): string[] =>
  [json, ...(json.runs ?? []), ...(json.verifications ?? []), ...(json.tables ?? []), ...(json.refused ?? [])]
    .flatMap(({ error }) => error ?? [])
    .map(({ code }) => code);

/** `slept`: for longer than a day. */
export function judgeBeside(many: Many, ended: Ended, slept: boolean): void {
  const { argv, code, killed, json } = ended;
  const told = argv[0] === 'session' ? `session ${argv[1]}` : argv[0];
  if (killed) {
    many.log(`  killed ${argv.join(' ')} after ${ended.stderr.trim().split('\n').at(-1)}`);
    many.cover(`${told} killed`);
    return;
  }
  const codes = codesOf(ended);
  const statuses = (json?.runs ?? []).map(
    (record) => `${record.process_name} ${record.status} ${record.error?.code ?? ''}`,
  );
  many.log(`  ended ${argv.join(' ')}: ${code} ${codes} | ${statuses.join(', ')}`);
  many.cover(
    `${told}${slept ? ' slept,' : ''} exit ${code}${codes.length > 0 ? ` ${[...new Set(codes)].sort()}` : ''}`,
  );
  const shown = `${argv.join(' ')} ended with ${code}\n${JSON.stringify(json, undefined, 1)}\n${ended.stderr}`;
  expect(json, shown).toBeDefined();
  const allowed = (each: string): boolean =>
    isHonest(many, each) ||
    BESIDE.has(each) ||
    (many.isSwapped && SWAPPED.has(each)) ||
    ((many.mayBeLocked || slept) && LOCKED.has(each));
  expect(
    codes.filter((each) => !allowed(each)),
    shown,
  ).toEqual([]);
  // A target differs from its SQL for nobody at any time.
  for (const each of json?.verifications ?? [])
    if (!many.isSwapped) expect(each.status, shown).not.toBe('different');
}
