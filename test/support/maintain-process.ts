/**
 * A process of its own that maintains a whole warehouse: `node maintain-process.ts <project> <json>`. Each
 * boundary is told on stderr: a step, a commit before and after it is made, a file that is about to be
 * deleted. `killAt`: SIGKILL to itself at the boundary of that number, from 1.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { MaintainRequest } from '../../src/index.ts';

const [project, text] = process.argv.slice(2) as [string, string];
const { killAt, request } = JSON.parse(text) as {
  readonly killAt?: number;
  readonly request: MaintainRequest;
};
let boundaries = 0;
let telling = false;
function boundary(name: string): void {
  if (!telling) return;
  boundaries += 1;
  fs.writeSync(2, `boundary ${name}\n`);
  if (boundaries === killAt) process.kill(process.pid, 'SIGKILL');
}

const { unlinkSync } = fs;
fs.unlinkSync = (path) => {
  boundary(
    `delete ${/(\.metadata\.json|snap-.*\.avro|\.\w+)$/.exec(String(path))?.[1]?.replace(/snap-.*/, 'list') ?? 'other'}`,
  );
  unlinkSync(path);
};
syncBuiltinESMExports();
const { open } = await import('./open-project.ts');
const psyberg = await open({
  project,
  onStep: (message) => boundary(`step ${message.replace(/\d+/g, 'N').replace(/^\S+: /, '')}`),
});
const { client } = psyberg.internals;
const commitTable = client.commitTable.bind(client);
client.commitTable = async (table, commit) => {
  const added = commit.updates.find((update) => update.action === 'add-snapshot') as
    | { snapshot: { summary?: Record<string, string> } }
    | undefined;
  const what = added?.snapshot.summary?.['psyberg.maintenance'] ?? 'expire';
  boundary(`before the commit of ${what}`);
  const answer = await commitTable(table, commit);
  boundary(`after the commit of ${what}`);
  return answer;
};
await psyberg.internals.engine();
telling = true;
fs.writeSync(2, 'ready\n');
const report = await psyberg.maintain(undefined, request);
await psyberg.close();
console.log(JSON.stringify(report));
