/**
 * One plan in a process of its own, after the table's metadata and DuckDB were loaded; prints how far the
 * plan raised the most memory the process ever held.
 */
import { open } from '../support/open-project.ts';

const [root, name] = process.argv.slice(2) as [string, string];
const residentMb = (): number => process.resourceUsage().maxRSS / 1024;
const psyberg = await open({ project: root });
const { client, engine } = psyberg.internals;
await client.loadTable({ namespace: ['raw'], name: 'events' });
await (await engine()).query({ sql: 'select 1', parameters: {} });
const beforeMb = residentMb();
const [plan] = await psyberg.plan([name]);
const planMb = residentMb() - beforeMb;
await psyberg.close();
if (plan?.status !== 'work') throw new Error(JSON.stringify(plan));
console.log(JSON.stringify({ beforeMb, planMb }));
