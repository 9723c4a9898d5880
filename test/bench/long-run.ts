/** 500 sessions of 1,000 rows in one process: what it holds after each hundred. */
import { benchProject } from './project.ts';

const SESSIONS = 500;
const EVERY = 100;
const ROWS = 1000;

export async function longRunBench(): Promise<string[]> {
  const project = await benchProject();
  const lines: string[] = [];
  try {
    for (let session = 1; session <= SESSIONS; session += 1) {
      await project.land(ROWS, session);
      const [record] = await project.psyberg.run();
      if (record?.status !== 'published')
        throw new Error(`session ${session} did not publish: ${JSON.stringify(record)}`);
      if (session % EVERY !== 0 && session !== 1) continue;
      const { rss, heapUsed } = process.memoryUsage();
      lines.push(
        `after ${String(session).padStart(3)} sessions   ${megabytes(rss)} MB resident, ${megabytes(heapUsed)} MB of them JavaScript`,
      );
    }
    return lines;
  } finally {
    await project.close();
  }
}

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
