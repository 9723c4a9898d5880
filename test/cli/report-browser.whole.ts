// Goal: a served report is looked at in a browser: it follows the warehouse, and what is damaged is named and
// nothing else goes. Method: the command over a project, Chromium on its address, sessions that publish, files
// that are spoiled, Ctrl-C.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, startBrowser } from '../support/browser.ts';
import { CANCEL_LOAD, cliJson, makeProject, type Project, removeFolders, startCli } from './fixture.ts';

describe.skipIf(CHROMIUM === undefined)('psyberg report --serve', () => {
  let browser: Browser;
  let page: Page;
  let project: Project;
  let served: ReturnType<typeof startCli>;
  const noises: string[] = [];
  beforeAll(async () => {
    browser = await startBrowser();
    project = makeProject(CANCEL_LOAD);
    await project.sql(
      'create schema raw',
      'create table raw.cancels (id bigint, ts timestamptz)',
      "insert into raw.cancels values (1, '2023-09-14 05:00:00Z')",
    );
    served = startCli(['report', '--serve', '--json', '--project', project.root]);
  }, 120_000);
  afterAll(async () => {
    served?.child.kill('SIGKILL');
    await browser?.close();
    removeFolders();
  });

  const shown = (): Promise<string> => page.locator('body').innerText();
  const sessions = (): Promise<string | null> =>
    page.locator('[data-panel=sessions]').first().getAttribute('data-items');

  it('opens, and asks nobody else', async () => {
    await expect.poll(served.stdout, { timeout: 60_000 }).toContain('\n');
    const { uri } = JSON.parse(served.stdout()) as { uri: string };
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('console', (message) => noises.push(message.text()));
    page.on('dialog', (dialog) => noises.push(dialog.message()));
    page.on('pageerror', (error) => noises.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(uri)) noises.push(request.url());
    });
    await page.goto(uri);
    expect(await page.textContent('h1')).toBe('test');
    expect(await shown()).toContain('never run');
  }, 120_000);

  it('shows a session once it has published, and keeps what was unfolded', async () => {
    await page.evaluate("document.querySelector('details.process').open = true");
    expect((await cliJson('run', '--project', project.root)).code).toBe(0);
    await expect.poll(sessions, { timeout: 30_000 }).toBe('1');
    await expect.poll(() => page.locator('details.process[open]').count()).toBe(1);
    await project.sql("insert into raw.cancels values (2, '2023-09-14 06:00:00Z')");
    expect((await cliJson('run', '--project', project.root)).code).toBe(0);
    await expect.poll(sessions, { timeout: 30_000 }).toBe('2');
  }, 120_000);

  it('names what is damaged, keeps the rest, and is whole again when it is mended', async () => {
    const metadata = join(project.root, 'warehouse', 'psyberg', 'psyberg_session_f', 'metadata');
    const lists = readdirSync(metadata).filter((name) => name.endsWith('.avro'));
    const whole = lists.map((name) => [join(metadata, name), readFileSync(join(metadata, name))] as const);
    for (const [file] of whole) writeFileSync(file, 'no Avro');
    // What is spoiled in place changes no folder; the next commit to any table is noticed.
    await project.sql("insert into raw.cancels values (3, '2023-09-14 07:00:00Z')");
    const problems = page.locator('[data-panel=problems]');
    await expect.poll(() => problems.allInnerTexts(), { timeout: 60_000 }).toHaveLength(1);
    expect(await problems.innerText()).toContain('sessions');
    expect(await page.locator('[data-panel=tables]').innerText()).toContain('facts.cancels');
    for (const [file, bytes] of whole) writeFileSync(file, bytes);
    await project.sql("insert into raw.cancels values (4, '2023-09-14 07:30:00Z')");
    await expect.poll(() => problems.count(), { timeout: 60_000 }).toBe(0);
    expect(await sessions()).toBe('2');
  }, 180_000);

  it('on paper is light, and unfolded; afterwards it is as it was', async () => {
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const paper = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const [red = 0] = paper.match(/\d+/g)?.map(Number) ?? [];
    expect(red).toBeGreaterThan(240);
    await page.emulateMedia({ media: null, colorScheme: null });
    const folded = "document.querySelectorAll('details:not([open])').length";
    // The last commit may have the page loaded once more.
    await page.waitForTimeout(3000);
    const before = await page.evaluate(folded);
    await page.evaluate(`addEventListener('beforeprint', () => { globalThis.onPaper = ${folded} })`);
    await page.pdf({ format: 'A4' });
    expect(await page.evaluate('globalThis.onPaper')).toBe(0);
    expect(await page.evaluate(folded)).toBe(before);
    expect(before).toBeGreaterThan(0);
  }, 60_000);

  it('shows names and values with scripts in them as text', async () => {
    const script = "<script>alert('x')</script>";
    const image = '<img src=x onerror=alert(1)>';
    await project.sql(
      `create table raw."${image}" ("${script}" bigint)`,
      `create table raw.odd (id bigint, "it's" varchar, ts timestamptz)`,
      `insert into raw.odd values (1, '${script.replaceAll("'", "''")}', '2023-09-14 05:00:00Z')`,
    );
    project.write(
      'processes/odd_load.sql',
      `/*---
process_name: odd_load
pattern: stateless
sources: [{ table: raw.odd, event_time: ts }]
target: { table: facts.odd }
audits:
  - sql: audits/odd.sql
    severity: warn
---*/
select id, "it's" as "${image}", ts from odd -- ${script}
`,
    );
    project.write('audits/odd.sql', `select *, '${image}' as shown from staged\n`);
    expect((await cliJson('run', 'odd_load', '--project', project.root)).code).toBe(0);
    await expect.poll(shown, { timeout: 60_000 }).toContain(`raw.${image}`);
    await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })");
    for (const text of [`as "${image}", ts from odd -- ${script}`, 'alert'])
      expect(await shown()).toContain(text);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(1);
  }, 120_000);

  it('ends at once with Ctrl-C while a browser looks at it', async () => {
    expect(noises).toEqual([]);
    const startedMs = performance.now();
    served.child.kill('SIGINT');
    expect((await served.done).code).toBe(0);
    // A browser that listens for changes would hold it for ever.
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  }, 60_000);
});
