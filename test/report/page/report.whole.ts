// Goal: what a person sees in the report of real late data is what is true of it, in a real browser. Method:
// three days of departures; the report's numbers beside those of the Parquet file; Chromium on its page.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WarehouseReport } from '../../../src/index.ts';
import { reportHtml } from '../../../src/report/page/report-html.ts';
import { type FlightsResult, findDepartures, loadDepartures } from '../../../warehouse/flights/sessions.ts';
import { openSampleProject, type SampleProject } from '../../../warehouse/sample-project.ts';
import { CHROMIUM, startBrowser } from '../../support/browser.ts';
import {
  historyRow,
  reportedProcess,
  reportedSource,
  warehouseReport,
} from '../../support/report-document.ts';

const SOURCE_FOLDER = fileURLToPath(new URL('../../../warehouse/flights', import.meta.url));
const LANDING = { first: '2001-01-01T00:00:00Z', last: '2001-01-03T23:00:00Z' };

let folder: string;
let project: SampleProject;
let result: FlightsResult;
let report: WarehouseReport;
let seconds: number;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'psyberg-report-'));
  project = await openSampleProject({ from: SOURCE_FOLDER, to: join(folder, 'project') });
  result = await loadDepartures(project, {
    departures: findDepartures(),
    landing: LANDING,
    hoursPerSession: 6,
  });
  const startedMs = performance.now();
  report = await project.psyberg.report();
  await reportHtml(report);
  seconds = (performance.now() - startedMs) / 1000;
}, 240_000);
afterAll(async () => {
  await project?.close();
  rmSync(folder, { recursive: true, force: true });
});

it('says how late departures land, and what a lookback misses, as the Parquet file does', () => {
  const [departures] = report.sources;
  const { lateness } = result;
  expect(departures).toMatchObject({
    table: 'raw.raw_departures',
    landed_by: 'partitions',
    late_rows: lateness.lateRows,
    delay_hours: { max: lateness.latestHours },
    rows: { total: lateness.rowCount, spread: 0, without_hour: 0, without_landing: 0 },
  });
  expect(departures?.lookbacks.map((each) => [each.lookback_hours, each.rows])).toEqual([
    ...lateness.missedByLookback,
  ]);
  expect(departures?.cells.reduce((sum, { rows }) => sum + rows, 0)).toBe(lateness.rowCount);
  // On a quiet machine 0.5 s; the limit is for one with other work.
  expect(seconds).toBeLessThan(10);
});

describe.skipIf(CHROMIUM === undefined)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  interface Opened {
    readonly page: Page;
    /** Whatever the page did beside showing itself. */
    readonly noises: readonly string[];
  }

  async function opened(html: string, options: { width: number; dark?: boolean }): Promise<Opened> {
    const file = join(folder, 'report.html');
    writeFileSync(file, html);
    const page = await browser.newPage({
      viewport: { width: options.width, height: 900 },
      colorScheme: options.dark === true ? 'dark' : 'light',
    });
    const noises: string[] = [];
    const url = pathToFileURL(file).href;
    page.on('console', (message) => noises.push(message.text()));
    page.on('pageerror', (error) => noises.push(String(error)));
    page.on('dialog', (dialog) => void noises.push(dialog.message()));
    page.on('request', (request) => {
      if (request.url() !== url) noises.push(request.url());
    });
    await page.goto(url);
    return { page, noises };
  }

  const itemsOn = (page: Page): Promise<Record<string, number>> =>
    page.$$eval('[data-panel]', (panels) =>
      Object.fromEntries(panels.map((each) => [each.dataset['panel'], Number(each.dataset['items'])])),
    );

  it.each([
    { width: 1280, dark: false },
    { width: 1280, dark: true },
    { width: 390, dark: false },
    { width: 390, dark: true },
  ])(
    'asks for nothing and says nothing to the console; its panels are those of the JSON: %o',
    async (look) => {
      const { page, noises } = await opened(await reportHtml(report), look);
      expect(await itemsOn(page)).toEqual({
        late: report.sources.length,
        processes: report.processes.length,
        hours: report.processes.filter(({ writes }) => writes.length > 0).length,
        sessions: report.sessions.length,
        each: report.processes.length,
        tables: report.tables.length,
      });
      expect(await page.locator('[data-late-rows]').getAttribute('data-late-rows')).toBe(
        String(result.lateness.lateRows),
      );
      for (const [hours, rows] of result.lateness.missedByLookback)
        expect(await page.textContent('#late svg')).toContain(
          `${hours} h lookback misses ${rows.toLocaleString('en-US')}`,
        );
      const rows = await page.$$eval('#tables > div:first-of-type tbody tr', (found) =>
        found.map((row) => row.cells[1]?.textContent),
      );
      expect(rows.map((text) => text?.replaceAll(',', ''))).toEqual(report.tables.map((table) => table.rows));
      // What is wider than the page is scrolled in its own place.
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(look.width);
      const picture = process.env['PSYBERG_PICTURES'];
      if (picture !== undefined)
        await page.screenshot({
          path: `${picture}-${look.width}-${look.dark ? 'dark' : 'light'}.png`,
          fullPage: true,
        });
      expect(noises).toEqual([]);
      await page.close();
    },
    60_000,
  );

  it('is used by keyboard: skipped to, links open their process, a tap shows what a cell is', async () => {
    const { page, noises } = await opened(await reportHtml(report), { width: 1280 });
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('To the report');
    await page.locator('#processes table a').first().press('Enter');
    const first = page.locator('details.process').first();
    await expect.poll(() => first.getAttribute('open')).not.toBeNull();
    await page.locator('#late svg rect:has(title)').first().click({ force: true });
    expect(await page.textContent('#tip')).toMatch(/rows? of 2001-01-.*landed 2001-01-/);
    await page.keyboard.press('Escape');
    expect(await page.locator('#tip').isHidden()).toBe(true);
    // Every picture has a name, and each place that scrolls can be reached.
    expect(
      await page.$$eval('svg:not([aria-hidden])', (all) =>
        all.filter((svg) => !svg.getAttribute('aria-label')),
      ),
    ).toEqual([]);
    expect(
      await page.$$eval('.scroll', (all) => all.filter((each) => each.getAttribute('tabindex') !== '0')),
    ).toEqual([]);
    expect(noises).toEqual([]);
    await page.close();
  }, 60_000);

  it('names with scripts in them are names', async () => {
    const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>'`;
    const html = await reportHtml(
      warehouseReport({
        project: evil,
        processes: [
          reportedProcess({
            process_name: evil,
            sql: evil,
            target: evil,
            columns: [{ name: evil, type: evil, required: true }],
          }),
        ],
        sources: [reportedSource({ table: evil, event_time: evil })],
        sessions: [historyRow({ process_name: evil, status: evil })],
      }),
    );
    const { page, noises } = await opened(html, { width: 1280 });
    expect(await page.textContent('h1')).toBe(evil);
    expect(await page.$$eval('script', (scripts) => scripts.length)).toBe(1);
    expect(await page.$$eval('img', (images) => images.length)).toBe(0);
    expect(noises).toEqual([]);
    await page.close();
  }, 60_000);
});
