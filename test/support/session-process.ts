/**
 * A process of its own that runs sessions: `node session-process.ts <project> <json>`, where the JSON is a
 * {@link SessionsOrder}. Prints the records as its last line.
 */
import type { RestateOptions } from '../../src/index.ts';
import { open } from './open-project.ts';
import { runSessionStep, type SessionStep } from './session-step.ts';

/** What it does: runs, if nothing else is asked for. */
export interface SessionsOrder {
  readonly processes?: readonly string[];
  /** SIGKILL to itself when that step begins. */
  readonly killAtStep?: number;
  /** SIGKILL to itself before or after that commit is made. */
  readonly killAtCommit?: { readonly commit: number; readonly after: boolean };
  /**
   * Part of what it tells of a step: SIGSTOP to itself when such a step begins for the first time. It goes on
   * when somebody sends SIGCONT.
   */
  readonly stopAtStep?: string;
  /** Only these steps of a session of an orchestrator, one after the other. */
  readonly steps?: { readonly names: readonly SessionStep[]; readonly psybergSessionId: string };
  /** How often it runs. */
  readonly times?: number;
  /** A statement before each run; `$round` in it is the number of the run, from 1. */
  readonly land?: string;
  /** In place of runs: a restate of the first process. */
  readonly restate?: RestateOptions;
  /** In place of runs: the whole warehouse is maintained, and what may be removed is removed now. */
  readonly maintain?: boolean;
  /** Before the rest the processes are planned. */
  readonly plan?: boolean;
}

const [project, text] = process.argv.slice(2) as [string, string];
const order = JSON.parse(text) as SessionsOrder;
let steps = 0;
let stopped = false;
const psyberg = await open({
  project,
  onStep(message) {
    steps += 1;
    process.stderr.write(`${message}\n`);
    if (steps === order.killAtStep) process.kill(process.pid, 'SIGKILL');
    if (order.stopAtStep !== undefined && !stopped && message.includes(order.stopAtStep)) {
      stopped = true;
      process.kill(process.pid, 'SIGSTOP');
    }
  },
});
await psyberg.internals.engine();
const kill = (): boolean => process.kill(process.pid, 'SIGKILL');
let commits = 0;
for (const name of ['commitTable', 'commitTransaction', 'createTable'] as const) {
  const { client } = psyberg.internals;
  const commit = client[name].bind(client) as (...values: unknown[]) => Promise<never>;
  (client as unknown as Record<string, unknown>)[name] = async (...values: unknown[]) => {
    commits += 1;
    const mine = commits === order.killAtCommit?.commit;
    if (mine && !order.killAtCommit?.after) kill();
    const answer = await commit(...values);
    if (mine) kill();
    return answer;
  };
}
process.stderr.write('ready\n');
const plans = order.plan === true ? await psyberg.plan(order.processes) : [];
const records: unknown[] = [];
if (order.steps !== undefined) {
  const spec = psyberg.project.processes.find((each) => each.processName === order.processes?.[0]);
  if (spec === undefined) throw new Error(`no process ${order.processes?.[0]}`);
  for (const name of order.steps.names)
    records.push(await runSessionStep(psyberg, spec, name, order.steps.psybergSessionId));
} else if (order.restate !== undefined)
  records.push(...(await psyberg.restate(order.processes?.[0] ?? '', order.restate)));
else if (order.maintain === true) {
  const { tables } = await psyberg.maintain([], { olderThanMs: 0, orphanGraceMs: 1, force: true });
  const failed = tables.flatMap(({ error }) => error ?? []);
  if (failed.length > 0) throw new Error(JSON.stringify(failed));
} else
  for (let round = 0; round < (order.times ?? 1); round += 1) {
    if (order.land !== undefined) await psyberg.sql(order.land.replaceAll('$round', String(round + 1)));
    records.push(...(await psyberg.run(order.processes)));
  }
await psyberg.close();
console.log(JSON.stringify({ records, plans }));
