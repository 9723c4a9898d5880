/** Timing: medians over runs in one process, and over programs of their own; in ms. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** What a piece of work took. With other work on the machine the CPU time of this process says more. */
export interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** CPU time of this process so far. */
export const cpuNowMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [startedMs, before] = [performance.now(), cpuNowMs()];
  await work();
  return { wallMs: performance.now() - startedMs, cpuMs: cpuNowMs() - before };
}

export const costLine = (costs: readonly Cost[]): string =>
  `${range(timingOf(costs.map(({ cpuMs }) => cpuMs)))} of CPU, ${ms(timingOf(costs.map(({ wallMs }) => wallMs)).medianMs)}`;

/** How many times `others` the median CPU time of `costs` is. */
export const cpuRatio = (costs: readonly Cost[], others: readonly Cost[]): string => {
  const [one, other] = [costs, others].map((each) => timingOf(each.map(({ cpuMs }) => cpuMs)).medianMs) as [
    number,
    number,
  ];
  return (one / other).toFixed(2);
};

/** Two pieces of work, turn about: whoever comes second finds files in the system's cache. */
export async function besideEachOther(
  run: number,
  one: () => Promise<Cost>,
  other: () => Promise<Cost>,
): Promise<readonly [Cost, Cost]> {
  if (run % 2 === 0) return [await one(), await other()];
  const second = await other();
  return [await one(), second];
}

export interface Timing {
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly runs: number;
}

/** Runs `work` so often and returns its times. `prepare` is not timed. */
export async function timed(
  runs: number,
  work: (run: number) => Promise<unknown>,
  prepare: (run: number) => Promise<unknown> = async () => {},
): Promise<Timing> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    await prepare(run);
    const startedMs = performance.now();
    await work(run);
    times.push(performance.now() - startedMs);
  }
  return timingOf(times);
}

export function timingOf(times: readonly number[]): Timing {
  const sorted = [...times].sort((left, right) => left - right);
  return {
    medianMs: sorted[Math.floor(sorted.length / 2)] as number,
    minMs: sorted[0] as number,
    maxMs: sorted.at(-1) as number,
    runs: sorted.length,
  };
}

export const ms = (value: number): string =>
  value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(2)} s`;

export const range = (timing: Timing): string =>
  `${ms(timing.medianMs)} (${ms(timing.minMs)} to ${ms(timing.maxMs)}, ${timing.runs} runs)`;

/** What a program of its own took, from its start to its end. */
export interface Spent {
  readonly wallMs: number;
  /** User and system, of all its threads; to 10 ms. */
  readonly cpuMs: number;
}

/** Runs Node with these arguments. Throws what it printed, unless it ended well and said `expected`. */
export function spentBy(argv: readonly string[], expected = ''): Spent {
  const [cpuMs, startedMs] = [childrenCpuMs(), performance.now()];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  const wallMs = performance.now() - startedMs;
  if (status !== 0 || !stdout.includes(expected))
    throw new Error(`node ${argv.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return { wallMs, cpuMs: childrenCpuMs() - cpuMs };
}

const MS_PER_TICK = 10;

/** Of all children of this process that have ended; NaN where the system does not say it (Linux does). */
export function childrenCpuMs(): number {
  // cutime and cstime are 16 and 17.
  return ticksOf('self', 13) * MS_PER_TICK;
}

/** Of a running process and all its threads so far; NaN where the system does not say it. */
export function cpuOfProcessMs(pid: number): number {
  // utime and stime are 14 and 15.
  return ticksOf(String(pid), 11) * MS_PER_TICK;
}

/** The sum of two fields of a process's `stat`, counted behind its name, which may hold blanks. */
function ticksOf(pid: string, first: number): number {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return Number.NaN;
  const fields = readFileSync(file, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[first]) + Number(fields[first + 1]);
}

export interface SpentTimings {
  readonly wall: Timing;
  readonly cpu: Timing;
}

/** Each one once a round, in turn forwards and backwards: who comes first finds other things in memory. */
export function turnAbout(rounds: number, works: readonly (() => Spent)[]): SpentTimings[] {
  const spent = works.map((): Spent[] => []);
  for (let round = 0; round < rounds; round += 1) {
    const order = [...works.keys()];
    for (const at of round % 2 === 0 ? order : order.reverse())
      (spent[at] as Spent[]).push((works[at] as () => Spent)());
  }
  return spent.map((each) => ({
    wall: timingOf(each.map(({ wallMs }) => wallMs)),
    cpu: timingOf(each.map(({ cpuMs }) => cpuMs)),
  }));
}

/** Medians, with the least of both: other work on a machine only ever adds. */
export const spentText = ({ wall, cpu }: SpentTimings): string =>
  `${ms(wall.medianMs)} (${ms(wall.minMs)} at best), CPU ${ms(cpu.medianMs)} (${ms(cpu.minMs)})`;
