// Goal: the notebooks of `examples/` run as they stand, and say what the command line says. Method: each is
// executed without a browser, in the kernel that it names, over the built package.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extensionDirectory } from '../../src/setup/extensions.mjs';
import { CACHE, PROJECT } from '../interop/install-once.ts';
import { prepareVenv } from '../interop/python.ts';
import { DENO_BIN, prepareDeno } from './deno.ts';

const run = promisify(execFile);

const VENV = {
  folder: join(CACHE, 'notebooks-venv'),
  requirements: ['nbclient==0.11.0', 'ipykernel==7.4.0', 'pyiceberg[pyarrow]==0.12.0', 'duckdb==1.5.5'],
};
const MAIN = join(PROJECT, 'dist', 'cli', 'main.js');

/** The kernel that Deno is: `psyberg notebook` has Deno set that up for JupyterLab. */
function addKernel(): void {
  const kernel = join(VENV.folder, 'share', 'jupyter', 'kernels', 'deno');
  mkdirSync(kernel, { recursive: true });
  const argv = [join(DENO_BIN, 'deno'), 'jupyter', '--kernel', '--conn', '{connection_file}'];
  const spec = { argv, display_name: 'Deno', language: 'typescript' };
  writeFileSync(join(kernel, 'kernel.json'), JSON.stringify(spec));
}

interface Output {
  readonly output_type: string;
  readonly text?: string | readonly string[];
  readonly data?: Readonly<Record<string, string>>;
}

const EXECUTE = `
import json, sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=300).execute()
open(sys.argv[2], 'w').write(json.dumps([cell.outputs for cell in notebook.cells if cell.cell_type == 'code']))
`;

let python: string;
let folder: string;
let project: string;

beforeAll(async () => {
  python = await prepareVenv(VENV);
  await prepareDeno();
  addKernel();
  folder = mkdtempSync(join(tmpdir(), 'psyberg-notebooks-'));
  project = join(folder, 'project');
}, 900_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The outputs of each cell of code. */
async function executed(name: string): Promise<Output[][]> {
  const outputs = join(folder, `${name}.json`);
  const notebooks = join(PROJECT, 'examples', 'notebooks');
  await run(python, ['-c', EXECUTE, join(notebooks, `${name}.ipynb`), outputs], {
    cwd: notebooks,
    env: {
      ...process.env,
      PSYBERG_NOTEBOOK_FOLDER: project,
      PSYBERG_PROJECT: project,
      PSYBERG: `'${process.execPath}' '${MAIN}'`,
      DUCKDB_EXTENSIONS: extensionDirectory(),
    },
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(readFileSync(outputs, 'utf8')) as Output[][];
}

/** Of the value of a cell, which comes after what was drawn while it ran. */
const htmlOf = (outputs: readonly Output[] | undefined): string => {
  const shown = outputs?.findLast(({ data }) => data?.['text/html'] !== undefined);
  return shown?.data?.['text/html'] ?? '';
};

/** What the last cell prints. */
function answersOf(cells: readonly Output[][]): Record<string, unknown> {
  const printed = cells
    .at(-1)
    ?.find(({ output_type: type, text }) => type === 'stream' && text !== undefined);
  return JSON.parse([printed?.text ?? ''].flat().join('')) as Record<string, unknown>;
}

const said = async (...command: readonly string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await run(process.execPath, [MAIN, '--project', project, '--json', ...command])).stdout);

describe('the notebooks', () => {
  it('in TypeScript: values show themselves, and are those of the command line', async () => {
    const cells = await executed('late-data');
    const [, first, plan, second, diff, rows, status, report] = cells.map(htmlOf);
    expect(first).toContain('<caption>1 run</caption>');
    expect(plan).toMatch(/>L<\/span> late/);
    expect(second).toContain('published');
    expect(diff).toContain('2 changed');
    expect(rows).toContain('<caption>6 rows</caption>');
    expect(status).toContain('orders_by_hour');
    expect(report).toMatch(/^<iframe [\s\S]*data-late-rows=&quot;2&quot;/);
    const { hours, ...answers } = answersOf(cells);
    expect(hours).toEqual(['2024-03-01T01:00:00Z', '2024-03-01T04:00:00Z']);
    expect(answers).toEqual({
      status: (await said('status'))['processes'],
      sessions: (await said('history'))['sessions'],
    });
  }, 300_000);
  it('in Python: PyIceberg and DuckDB read what psyberg sql reads', async () => {
    const cells = await executed('late-data-python');
    const { rows } = await said('sql', 'select orders from facts.orders_by_hour order by orders');
    const orders = (rows as { orders: number }[]).map((row) => Number(row.orders));
    expect(orders).toEqual([10, 10, 10, 10, 11, 11]);
    expect(answersOf(cells)).toEqual({ pyiceberg: orders, duckdb: orders });
  }, 300_000);
});
