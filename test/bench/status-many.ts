/** `psyberg status` of a project of many processes that have all published, as a whole command. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { THIS_CLONE } from './cold.ts';
import { ms, spentBy, spentText, turnAbout } from './measure.ts';
import { manyProcesses } from './plan-many.ts';

const PROCESSES = 500;
const ROUNDS = 7;
const LIMIT_MS = 1000;

export async function statusManyBench(): Promise<string[]> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  try {
    await manyProcesses(root, PROCESSES);
    const status = () => spentBy([THIS_CLONE.main, 'status', '--project', root, '--json'], '"processes"');
    status();
    const [spent] = turnAbout(ROUNDS, [status]);
    return spent === undefined
      ? []
      : [`psyberg status, ${PROCESSES} processes   ${spentText(spent)} (limit ${ms(LIMIT_MS)})`];
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}
