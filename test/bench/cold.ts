/**
 * Whole commands as an orchestrator starts them: a new process each time, beside a program that opens DuckDB
 * and is told everything. Turn about, medians; each line says its limit.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type CommandProject, commandProject } from './command-project.ts';
import { ms, type Spent, type SpentTimings, spentBy, spentText, turnAbout } from './measure.ts';
import { SELECT_LIST } from './project.ts';

const ROUNDS = 7;
const PLAIN = path.join(import.meta.dirname, 'plain-duckdb.mjs');

/** A command to measure: that of this clone, or of another revision. */
export interface Contender {
  readonly name: string;
  /** The file that Node runs. */
  readonly main: string;
}

export const THIS_CLONE: Contender = {
  name: 'psyberg',
  main: path.join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js'),
};

interface Line {
  readonly command: readonly string[];
  readonly what: string;
  readonly expected: string;
  /** Rows that land before each time. */
  readonly rows?: number;
  readonly limit?: { readonly wallMs: number; readonly cpuMs?: number };
}

const LINES: readonly Line[] = [
  { command: ['run'], what: 'nothing new', expected: '"nothing-new"', limit: { wallMs: 150 } },
  { command: ['plan'], what: 'nothing new', expected: '"nothing-new"', limit: { wallMs: 300 } },
  { command: ['status'], what: 'one process', expected: '"processes"', limit: { wallMs: 200 } },
  { command: ['history'], what: '20 sessions', expected: '"sessions"', limit: { wallMs: 200 } },
  {
    command: ['run'],
    what: '1,000 new rows',
    expected: '"published"',
    rows: 1000,
    limit: { wallMs: 500, cpuMs: 600 },
  },
  { command: ['run'], what: '100,000 new rows', expected: '"published"', rows: 100_000 },
];

export async function coldBench(contenders: readonly Contender[] = [THIS_CLONE]): Promise<string[]> {
  const projects: CommandProject[] = [];
  try {
    for (const { main } of contenders) projects.push(commandProject(main));
    return LINES.flatMap((line) => measured(line, contenders, projects));
  } finally {
    for (const project of projects) project.close();
  }
}

function measured(
  line: Line,
  contenders: readonly Contender[],
  projects: readonly CommandProject[],
): string[] {
  let landed: readonly string[] = [];
  const commands = projects.map((project) => (): Spent => {
    if (line.rows !== undefined) landed = project.land(line.rows);
    return spentBy(project.argv(...line.command), line.expected);
  });
  // Whoever comes first finds nothing that was compiled before.
  for (const command of commands) command();
  const [plain, ...spent] = turnAbout(ROUNDS, [() => plainly(landed), ...commands]) as [
    SpentTimings,
    ...SpentTimings[],
  ];
  return [
    `psyberg ${line.command.join(' ')}, ${line.what}${limitText(line)}`,
    ...spent.map((each, at) => `  ${contenders[at]?.name}: ${spentText(each)}, ${ratioText(each, plain)}`),
    `  plain DuckDB: ${spentText(plain)}`,
  ];
}

/** Of files the rows of the process's query, else DuckDB's start alone. */
function plainly(files: readonly string[]): Spent {
  if (files.length === 0) return spentBy([PLAIN]);
  const folder = path.join(path.dirname(files[0] as string), 'plain');
  try {
    return spentBy([PLAIN, SELECT_LIST, folder, ...files]);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

const limitText = ({ limit }: Line): string =>
  limit === undefined
    ? ''
    : ` (limit ${ms(limit.wallMs)}${limit.cpuMs === undefined ? '' : `, CPU ${ms(limit.cpuMs)}`})`;

const ratioText = ({ wall, cpu }: SpentTimings, plain: SpentTimings): string =>
  `${(wall.medianMs / plain.wall.medianMs).toFixed(1)} times plain DuckDB, CPU ${(cpu.medianMs / plain.cpu.medianMs).toFixed(1)} times`;
