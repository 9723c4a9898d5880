/**
 * The whole command `psyberg test`, cold, over fifty tests of three arrivals: every order of each is played
 * and compared with a recompute. CPU seconds are those of the command; other work on the machine moves the
 * wall time alone.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ms } from './measure.ts';
import { TESTS, testsProject } from './tests-project.ts';

const COMMAND = path.join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

/** Told over a pipe of its own when the command ends: Node does not tell a parent. */
const TELL_CPU = `data:text/javascript,${encodeURIComponent(
  "import { writeSync } from 'node:fs'; import { isMainThread } from 'node:worker_threads'; if (isMainThread) process.on('exit', () => writeSync(3, JSON.stringify(process.cpuUsage())));",
)}`;

export async function testsBench(): Promise<string[]> {
  const project = testsProject();
  try {
    const { wallMs, cpuMs } = play(project.root);
    return [`psyberg test, ${TESTS} tests, every order   ${ms(wallMs)}, ${ms(cpuMs)} of CPU (limit 20 s)`];
  } finally {
    project.remove();
  }
}

function play(root: string): { readonly wallMs: number; readonly cpuMs: number } {
  const startedMs = performance.now();
  const child = spawnSync(
    process.execPath,
    ['--import', TELL_CPU, COMMAND, 'test', '--project', root, '--json'],
    { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
  );
  const wallMs = performance.now() - startedMs;
  if (child.status !== 0) throw new Error(`psyberg test: ${child.stdout}${child.stderr}`);
  const { tests, passed } = JSON.parse(child.stdout);
  if (passed !== TESTS || tests.some(({ orders }: { orders: number }) => orders !== 6))
    throw new Error(`psyberg test played ${passed} tests of ${TESTS}`);
  const { user, system } = JSON.parse(child.output[3] as string);
  return { wallMs, cpuMs: (user + system) / 1000 };
}
