/**
 * An overwrite of three hours that somebody overtakes: another writer appends to another hour just before the
 * session publishes. What it costs to put the session's rows on top: from the refused commit to the next try,
 * with the wait before it.
 */
import { ms, range, timingOf } from './measure.ts';
import { countsProject } from './project.ts';

const RUNS = 9;

export async function rebaseBench(): Promise<string[]> {
  return [await rebases(100), await rebases(10_000)];
}

async function rebases(files: number): Promise<string> {
  const steps: string[] = [];
  const project = await countsProject(files, (step) => steps.push(step));
  const { psyberg } = project;
  const { client } = psyberg.internals;
  const commit = client.commitTransaction.bind(client);
  const times: number[] = [];
  const refusals: number[] = [];
  try {
    for (let run = 0; run < RUNS; run += 1) {
      await project.landHours(6, `${files - 10 - 3 * run} + i % 3`);
      let tries = 0;
      let overtakenMs = 0;
      client.commitTransaction = async (changes) => {
        tries += 1;
        if (tries > 1) times.push(performance.now() - overtakenMs);
        else {
          await psyberg.sql(
            `insert into facts.counts select timestamptz '2020-01-01' + interval ${run} hours, 1, 1`,
          );
          overtakenMs = performance.now();
        }
        try {
          await commit(changes);
        } finally {
          if (tries === 1) refusals.push(performance.now() - overtakenMs);
        }
      };
      steps.length = 0;
      const [record] = await psyberg.run();
      if (
        record?.status !== 'published' ||
        tries !== 2 ||
        steps.some((step) => step.includes('planning again'))
      )
        throw new Error(
          `the session was not put on top at the second try (${tries}): ${JSON.stringify(record)}`,
        );
    }
    return `${String(files).padStart(6)} files   ${range(timingOf(times))}; ${ms(timingOf(refusals).medianMs)} of it for the refusal`;
  } finally {
    await project.close();
  }
}
