/**
 * A process of its own that runs sessions: `node session-process.ts <project> <json>`. Prints the records as its last line.
 * `killAtStep`: SIGKILL to itself when that step begins. `times`: how often it runs.
 */
import { open } from '../../src/index.ts';

interface Order {
  readonly processes?: readonly string[];
  readonly killAtStep?: number;
  readonly times?: number;
  /** A query whose sorted rows are printed instead of the records. */
  readonly plan?: boolean;
}

const [project, text] = process.argv.slice(2) as [string, string];
const order = JSON.parse(text) as Order;
let steps = 0;
const psyberg = await open({
  project,
  onStep(message) {
    steps += 1;
    process.stderr.write(`${message}\n`);
    if (steps === order.killAtStep) process.kill(process.pid, 'SIGKILL');
  },
});
await psyberg.internals.engine();
process.stderr.write('ready\n');
const plans = order.plan === true ? await psyberg.plan(order.processes) : [];
const records = [];
for (let round = 0; round < (order.times ?? 1); round += 1) records.push(...(await psyberg.run(order.processes)));
await psyberg.close();
console.log(JSON.stringify({ records, plans }));
