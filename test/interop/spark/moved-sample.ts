/**
 * A sample project moved to Spark: its processes with `engine: spark`, and their SQL and that of their audits
 * as Spark writes it. Folder of the repository -> folder of a project that means the same.
 */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the samples say otherwise on Spark; all else is the same text. */
const SPOKEN: readonly (readonly [RegExp, string])[] = [
  [/^pattern:/m, 'engine: spark\npattern:'],
  [/make_timestamptz\(/g, 'timestamp_micros('],
  [/to_minutes\((\w+)\)/g, 'make_dt_interval(0, 0, $1)'],
  [/arg_max\((\w+), row\(/g, 'max_by($1, struct('],
  [/exists \(\s*from (\w+) as/g, 'exists (select 1 from $1 as'],
  [/::timestamptz/g, '::timestamp'],
  [/::varchar/g, '::string'],
];

/** Copies the project `from` to `to`, with the Spark at `remote`. */
export function moveSample({
  from,
  to,
  remote,
}: {
  readonly from: string;
  readonly to: string;
  readonly remote: string;
}): void {
  cpSync(from, to, { recursive: true, filter: (source) => !source.includes('.data') });
  for (const folder of ['processes', 'audits'])
    for (const name of readdirSync(join(to, folder)).filter((each) => each.endsWith('.sql'))) {
      const file = join(to, folder, name);
      const text = readFileSync(file, 'utf8');
      writeFileSync(
        file,
        SPOKEN.reduce((sql, [said, instead]) => sql.replace(said, instead), text),
      );
    }
  const yaml = readFileSync(join(to, 'psyberg.yaml'), 'utf8');
  writeFileSync(join(to, 'psyberg.yaml'), `${yaml}engines: { spark: { remote: "${remote}" } }\n`);
}
