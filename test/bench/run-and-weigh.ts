/** One run in a process of its own; prints rows, seconds and the most memory the process ever held. */
import { open } from '../../src/index.ts';

const psyberg = await open({ project: process.argv[2] as string });
const [record] = await psyberg.run();
await psyberg.close();
if (record?.status !== 'published') throw new Error(JSON.stringify(record));
console.log(
  JSON.stringify({
    rows: record.rows_written,
    seconds: record.seconds.total,
    residentMb: process.resourceUsage().maxRSS / 1024,
  }),
);
