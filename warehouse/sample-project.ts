/**
 * A sample project as a place to play: its SQL copied to a run folder, opened through the public API, with
 * its seeds at hand. Folder of the repository -> SampleProject.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { open } from '../src/index.ts';

export type Psyberg = Awaited<ReturnType<typeof open>>;
export type Plan = Awaited<ReturnType<Psyberg['plan']>>[number];
export type RunRecord = Awaited<ReturnType<Psyberg['run']>>[number];

/**
 * What a seed or a question may name as `$name`: whole numbers, texts, and UTC hours such as
 * `2001-01-01T05:00:00Z`.
 */
export type Values = Readonly<Record<string, number | string>>;

/** The result of comparing one target with its full recompute. */
export interface Comparison {
  readonly target: string;
  readonly rowCount: number;
  /** Rows that only the recompute has. */
  readonly missingRows: number;
  /** Rows that only the target has. */
  readonly extraRows: number;
}

export interface SampleProject {
  readonly psyberg: Psyberg;
  /** Runs every statement of a seed file. */
  seed(file: string, values?: Values): Promise<void>;
  /** Runs the one query of a file and returns its rows. */
  ask<T = Record<string, unknown>>(file: string, values?: Values): Promise<T[]>;
  /** Compares each target with a recompute over all source rows: one result per file in `recompute/`. */
  compareWithRecompute(values?: Values): Promise<Comparison[]>;
  close(): Promise<void>;
}

/** An error that a person can act on; the demo prints message and hint, and no stack. */
export class DemoError extends Error {
  readonly hint: string;
  readonly exitCode: number;
  constructor(message: string, details: { readonly hint: string; readonly exitCode?: number }) {
    super(message);
    this.name = 'DemoError';
    this.hint = details.hint;
    this.exitCode = details.exitCode ?? 1;
  }
}

/** Copies the project `from` into the empty folder `to` and opens it there. What `to` held is deleted. */
export async function openSampleProject({
  from,
  to,
}: {
  readonly from: string;
  readonly to: string;
}): Promise<SampleProject> {
  claimRunFolder(to);
  for (const part of ['psyberg.yaml', 'processes', 'audits'])
    cpSync(join(from, part), join(to, part), { recursive: true });
  const psyberg = await open({ project: to });

  const ask = async <T>(file: string, values: Values = {}): Promise<T[]> => {
    const result = await psyberg.sql(bindValues(readFileSync(join(from, file), 'utf8'), values));
    return result.toObjects() as T[];
  };
  return {
    psyberg,
    ask,
    async seed(file, values = {}) {
      for (const statement of statementsOf(readFileSync(join(from, file), 'utf8')))
        await psyberg.sql(bindValues(statement, values));
    },
    async compareWithRecompute(values = {}) {
      const comparisons: Comparison[] = [];
      for (const file of readdirSync(join(from, 'recompute')).sort()) {
        const [row] = await ask<{
          target: string;
          row_count: bigint;
          missing_rows: bigint;
          extra_rows: bigint;
        }>(join('recompute', file), values);
        if (row === undefined)
          throw new DemoError(`recompute/${file} gave no row`, { hint: 'its query must return exactly one' });
        comparisons.push({
          target: row.target,
          rowCount: Number(row.row_count),
          missingRows: Number(row.missing_rows),
          extraRows: Number(row.extra_rows),
        });
      }
      return comparisons;
    },
    async close() {
      await psyberg.close();
      rmSync(claimFile(to), { force: true });
    },
  };
}

/** Deletes a run folder and everything in it; what is not there is no error. */
export function removeRunFolder(folder: string): void {
  // Retries: DuckDB may still be writing a file of a session that was stopped.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  rmSync(claimFile(folder), { force: true });
}

/** True when both tables hold the same rows, counted with repetitions. */
export const isEqual = (comparison: Comparison): boolean =>
  comparison.missingRows === 0 && comparison.extraRows === 0;

/**
 * Gives the run back when it published or had nothing to do, as in a quiet hour; any other end is the demo's
 * end.
 */
export function requireDone(run: RunRecord): RunRecord {
  if (run.status === 'published' || run.status === 'nothing-new') return run;
  const failed = run.audits
    .filter((audit) => audit.status === 'failed')
    .map((audit) => `${audit.name}: expected ${audit.expected}, found ${audit.actual}`);
  throw new DemoError(
    `${run.process_name} ended as '${run.status}': ${run.error?.message ?? failed.join('; ')}`,
    {
      hint: run.error?.hint ?? 'nothing was published by this session',
    },
  );
}

const claimFile = (folder: string): string => `${folder}.pid`;

/** Empties the run folder. Refused while another demo lives in it: each would delete the other's tables. */
function claimRunFolder(folder: string): void {
  const claim = claimFile(folder);
  if (existsSync(claim)) {
    const owner = Number(readFileSync(claim, 'utf8'));
    if (owner !== process.pid && isAlive(owner)) {
      throw new DemoError(`another demo (process ${owner}) is using ${folder}`, {
        hint: `wait until it has finished, or stop it with "kill ${owner}"`,
      });
    }
  }
  removeRunFolder(folder);
  mkdirSync(dirname(folder), { recursive: true });
  writeFileSync(claim, String(process.pid));
  mkdirSync(folder, { recursive: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Drops comment lines and cuts at semicolons; the sample's own files hold none inside a text. */
const statementsOf = (text: string): string[] =>
  text
    .replace(/^\s*--.*$/gm, '')
    .split(';')
    .filter((statement) => statement.trim() !== '');

const HOUR_TEXT = /^\d{4}-\d{2}-\d{2}T\d{2}:00:00Z$/;

/**
 * Writes values into the places of `$name` as literals, in one pass, longest name first: `sql` of the API
 * takes a text and nothing beside it. All values come from the demo itself, and a text is quoted all the
 * same.
 */
function bindValues(sql: string, values: Values): string {
  const names = Object.keys(values).sort((left, right) => right.length - left.length);
  if (names.length === 0) return sql;
  return sql.replace(new RegExp(`\\$(${names.join('|')})\\b`, 'g'), (_, name: string) =>
    literal(values[name] as number | string),
  );
}

function literal(value: number | string): string {
  if (typeof value === 'number') return String(value);
  if (HOUR_TEXT.test(value)) return `timestamp '${value.slice(0, 10)} ${value.slice(11, 19)}'`;
  return `'${value.replaceAll("'", "''")}'`;
}
