/**
 * A process of its own that reads again and again until it is told to stop: `node reader-process.ts <project>
 * <query>`. Prints the distinct results in a row as its last line.
 */
import { open } from './open-project.ts';

const [project, query] = process.argv.slice(2) as [string, string];
const psyberg = await open({ project });
const seen: unknown[] = [];
let stopped = false;
process.once('SIGTERM', () => {
  stopped = true;
});
for (let reads = 0; !stopped; reads += 1) {
  const [row] = (await psyberg.sql(query)).toObjects();
  process.stderr.write(reads === 0 ? 'ready\n' : 'read\n');
  if (JSON.stringify(row) !== JSON.stringify(seen.at(-1))) seen.push(row);
}
await psyberg.close();
console.log(JSON.stringify(seen));
