/**
 * An overwrite of three hours in a table of 10,000 data files, beside the same in one of 100: what taking
 * files off, writing the three rows, composing and publishing cost.
 */
import { cpuNowMs, ms, timingOf } from './measure.ts';
import { countsProject } from './project.ts';

const RUNS = 9;
const STEPS = /^count_load: (load|compose|publish|signal)/;

export async function overwriteBench(): Promise<string[]> {
  const few = await overwrites(100);
  const many = await overwrites(10_000);
  const line = (files: number, timing: Timing): string =>
    `${String(files).padStart(6)} files   load, compose and publish ${ms(timing.wallMs)} (CPU ${ms(timing.cpuMs)}); whole session ${ms(timing.sessionMs)}`;
  return [
    line(100, few),
    line(10_000, many),
    `ratio           ${(many.wallMs / few.wallMs).toFixed(2)}, CPU ${(many.cpuMs / few.cpuMs).toFixed(2)}`,
  ];
}

interface Timing {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly sessionMs: number;
}

async function overwrites(files: number): Promise<Timing> {
  let marks: { readonly step: string; readonly atMs: number; readonly cpu: number }[] = [];
  const mark = (step: string): void => void marks.push({ step, atMs: performance.now(), cpu: cpuNowMs() });
  const project = await countsProject(files, mark);
  const { psyberg } = project;
  try {
    const [wall, cpu, session]: [number[], number[], number[]] = [[], [], []];
    for (let run = 0; run < RUNS; run += 1) {
      await project.landHours(6, `${files - 10 - 3 * run} + i % 3`);
      marks = [];
      mark('begin');
      const [record] = await psyberg.run();
      mark('end');
      if (record?.status !== 'published' || record.rows_written !== '3')
        throw new Error(`the session did not overwrite three hours: ${JSON.stringify(record)}`);
      const spent = (of: 'atMs' | 'cpu'): number =>
        marks.reduce(
          (sum, each, index) =>
            STEPS.test(each.step) ? sum + ((marks[index + 1]?.[of] ?? each[of]) - each[of]) : sum,
          0,
        );
      wall.push(spent('atMs'));
      cpu.push(spent('cpu'));
      session.push((marks.at(-1)?.atMs ?? 0) - (marks[0]?.atMs ?? 0));
    }
    return {
      wallMs: timingOf(wall).medianMs,
      cpuMs: timingOf(cpu).medianMs,
      sessionMs: timingOf(session).medianMs,
    };
  } finally {
    await project.close();
  }
}
