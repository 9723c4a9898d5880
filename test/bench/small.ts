/** A session on a small change in a warm process, from init to publish. */
import { range, timed } from './measure.ts';
import { benchProject } from './project.ts';

const ROWS = 1000;

export async function smallBench(): Promise<string[]> {
  const project = await benchProject();
  try {
    for (let hour = 0; hour < 3; hour += 1) {
      await project.land(ROWS, hour);
      await project.psyberg.run();
    }
    const change = await timed(
      15,
      () => project.psyberg.run(),
      (run) => project.land(ROWS, 3 + run),
    );
    const nothing = await timed(15, () => project.psyberg.run());
    return [`1,000 new rows, warm       ${range(change)}`, `nothing new, warm          ${range(nothing)}`];
  } finally {
    await project.close();
  }
}
