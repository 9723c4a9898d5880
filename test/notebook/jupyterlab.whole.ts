// Goal: `psyberg notebook` is JupyterLab with the project in it: cells in TypeScript show a plan as a grid of
// hours, and a run while it goes on. Method: JupyterLab and Deno as they are installed, and a real browser that
// runs the cells of a notebook.
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cli, startCli } from '../cli/fixture.ts';
import { CACHE, PROJECT } from '../interop/install-once.ts';
import { prepareVenv } from '../interop/python.ts';
import { CHROMIUM, startBrowser } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { DENO_BIN, prepareDeno } from './deno.ts';

const VENV = { folder: join(CACHE, 'jupyterlab-venv'), requirements: ['jupyterlab==4.6.6'] };

const CELLS = [
  "import { open } from 'psyberg';\nconst psyberg = await open();\nawait psyberg.plan()",
  'await psyberg.run()',
  "await psyberg.sql('select count(*) as n from facts.event_fact')",
  "await psyberg.run(['nobody'])",
];

let folder: string;
let root: string;
let lab: ReturnType<typeof startCli>;
let address: string;

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  await prepareVenv(VENV);
  // Without it the scripts that JupyterLab brings are taken for modules of this project.
  writeFileSync(join(VENV.folder, 'package.json'), '{}');
  await prepareDeno();
  folder = mkdtempSync(join(tmpdir(), 'psyberg-jupyterlab-'));
  root = join(folder, 'shop');
  expect((await cli('new', 'project', root)).code).toBe(0);
  const { code } = await startCli(['sql', '--file', 'seed/raw_events.sql'], { cwd: root }).done;
  expect(code).toBe(0);
  // As `npm install` of the package's folder leaves it.
  writeFileSync(join(root, 'package.json'), '{ "dependencies": { "psyberg": "file:." } }');
  mkdirSync(join(root, 'node_modules'));
  symlinkSync(PROJECT, join(root, 'node_modules', 'psyberg'));
  writeFileSync(join(root, 'look.ipynb'), notebookOf(CELLS));
  const config = join(folder, 'config');
  mkdirSync(config);
  writeFileSync(
    join(config, 'jupyter_server_config.json'),
    JSON.stringify({ ServerApp: { allow_root: true }, IdentityProvider: { token: 'a-token' } }),
  );
  const port = await freePort();
  lab = startCli(['notebook', 'look.ipynb', '--', '--no-browser', `--port=${port}`], {
    cwd: root,
    env: {
      PATH: [join(VENV.folder, 'bin'), DENO_BIN, process.env['PATH']].join(delimiter),
      HOME: join(folder, 'home'),
      JUPYTER_CONFIG_DIR: config,
    },
  });
  address = `http://127.0.0.1:${port}`;
  await vi.waitUntil(
    () =>
      fetch(`${address}/api`).then(
        ({ ok }) => ok,
        () => false,
      ),
    {
      timeout: 120_000,
      interval: 300,
    },
  );
}, 900_000);

afterAll(async () => {
  lab?.child.kill('SIGTERM');
  await lab?.done;
  rmSync(folder, { recursive: true, force: true });
});

const notebookOf = (cells: readonly string[]): string =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'deno', display_name: 'Deno', language: 'typescript' } },
    cells: cells.map((source, place) => ({
      id: `cell-${place}`,
      cell_type: 'code',
      metadata: {},
      execution_count: null,
      outputs: [],
      source,
    })),
  });

describe.skipIf(CHROMIUM === undefined)('JupyterLab', () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await startBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(`${address}/lab/tree/look.ipynb?token=a-token`);
    await page
      .locator('.jp-CodeCell')
      .nth(CELLS.length - 1)
      .waitFor({ timeout: 60_000 });
    // What is run before the kernel is there is not run at all.
    await page
      .locator('.jp-Notebook-ExecutionIndicator[data-status=idle]')
      .first()
      .waitFor({ timeout: 60_000 });
  }, 180_000);
  afterAll(() => browser?.close());

  const cell = (place: number) => page.locator('.jp-CodeCell').nth(place);
  /** Runs a cell and waits until it is done. What is asked while the kernel starts may be forgotten. */
  async function ran(place: number): Promise<void> {
    const prompt = cell(place).locator('.jp-InputPrompt').first();
    await cell(place).locator('.cm-content').click();
    for (let tries = 0; !/\[\d+\]/.test((await prompt.textContent()) ?? ''); tries++) {
      expect(tries).toBeLessThan(300);
      if (tries % 20 === 0 && (await prompt.textContent()) === '[ ]:')
        await page.keyboard.press('Control+Enter');
      await page.waitForTimeout(200);
    }
  }

  it('has the kernel of Deno that belongs to the project', () => {
    const spec = join(folder, 'home', '.local', 'share', 'jupyter', 'kernels', 'deno', 'kernel.json');
    expect(existsSync(spec)).toBe(true);
    expect(readFileSync(spec, 'utf8')).toContain(join(CACHE, 'deno'));
  });

  it('shows a plan as a grid of hours', async () => {
    await ran(0);
    const shown = cell(0).locator('.jp-OutputArea-output pre').first();
    await expect
      .poll(() => shown.textContent(), { timeout: 30_000 })
      .toMatch(/event_fact_load +N[\s\S]*\nN new/);
  }, 120_000);

  it('shows what a run does while it does it, and in the end in a line', async () => {
    // Whatever the picture of the run was, as the page had it.
    await page.evaluate(`
      globalThis.seen = [];
      new MutationObserver(() => {
        for (const each of document.querySelectorAll('[data-psyberg]'))
          globalThis.seen.push(each.dataset.psyberg + ': ' + each.textContent);
      }).observe(document.body, { subtree: true, childList: true, characterData: true })`);
    await ran(1);
    await expect.poll(() => cell(1).locator('table caption').textContent()).toBe('2 runs');
    await expect.poll(() => cell(1).locator('[data-psyberg]').getAttribute('data-psyberg')).toBe('done');
    expect(await cell(1).locator('[data-psyberg]').count()).toBe(1);
    expect(await cell(1).locator('[data-psyberg]').textContent()).toMatch(/^run: 2 processes: 2 published; /);
    const seen = [...new Set((await page.evaluate('globalThis.seen')) as string[])];
    const running = seen.filter((text) => text.startsWith('running: '));
    expect(running.length).toBeGreaterThan(1);
    expect(running.join('\n')).toMatch(/event_fact_load: /);
  }, 120_000);

  it('shows rows as a table, and what is wrong with its hint', async () => {
    await ran(2);
    await expect
      .poll(() => cell(2).locator('table td, table th[scope=row]').allTextContents())
      .toEqual(['360']);
    await ran(3);
    await expect
      .poll(() => cell(3).locator('.jp-OutputArea').textContent())
      .toMatch(/no process 'nobody'\s*hint: /);
    const picture = process.env['PSYBERG_PICTURES'];
    if (picture !== undefined) await page.screenshot({ path: `${picture}-jupyterlab.png` });
  }, 120_000);

  it('ends with SIGTERM, its kernels too', async () => {
    expect(await kernelsOf(folder)).toHaveLength(1);
    lab.child.kill('SIGTERM');
    expect((await lab.done).code).toBe(0);
    await expect.poll(() => kernelsOf(folder), { timeout: 20_000 }).toEqual([]);
  }, 60_000);
});

/** Processes whose home was in the folder of this test. */
async function kernelsOf(home: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.includes('jupyter --kernel') && line.includes(home));
}
