// Goal: values of the library show themselves, and are otherwise what they were. Method: values, what a
// notebook's kernel and a console ask of them.
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { diffLook, plansLook, reportLook, rowsLook, runsLook } from '../../src/report/notebook/looks.ts';
import { type Appearance, showItself } from '../../src/report/notebook/show-itself.ts';
import { reportedProcess, warehouseReport } from '../support/report-document.ts';
import { planOf } from '../support/session-data.ts';

const EVIL = `<script>alert('x')</script>"`;

/** What Deno's kernel asks for. */
const displayed = (value: object): Promise<Record<string, string>> =>
  (value as Record<symbol, () => Promise<Record<string, string>>>)[
    Symbol.for('Jupyter.display')
  ]?.() as never;

const look: Appearance = { text: () => 'as text', html: () => '<b>as HTML</b>' };

describe('a value that shows itself', () => {
  it('gives a notebook HTML and text, and a console the text', async () => {
    const value = showItself([{ a: 1 }], look);
    expect(await displayed(value)).toEqual({ 'text/plain': 'as text', 'text/html': '<b>as HTML</b>' });
    expect(inspect(value)).toBe('as text');
  });
  it('is the same JSON, lists the same, and is equal to what it was', () => {
    const value = showItself([{ a: 1 }], look);
    expect(JSON.stringify(value)).toBe('[{"a":1}]');
    expect(value).toEqual([{ a: 1 }]);
    expect([Object.keys(value), { ...value }]).toEqual([['0'], { 0: { a: 1 } }]);
  });
  it('is a copy where it cannot be added to', () => {
    const frozen = Object.freeze({ a: 1 });
    const value = showItself(frozen, look);
    expect(value).not.toBe(frozen);
    expect([value, inspect(value)]).toEqual([{ a: 1 }, 'as text']);
  });
});

const htmlOf = async ({ html }: Appearance): Promise<string> => html();

describe('looks', () => {
  it('of rows are a table, of which a hundred are shown', async () => {
    const columns = [
      { name: EVIL, type: 'VARCHAR' },
      { name: 'n', type: 'BIGINT' },
    ];
    const rows = Array.from({ length: 103 }, (_, index) => [index === 0 ? EVIL : null, BigInt(index)]);
    const page = await htmlOf(rowsLook({ columns, rows }));
    expect(page).toContain('100 rows; 3 more');
    expect(page).toContain('<td class="n">99</td>');
    expect(page).not.toContain('<script>');
    expect(rowsLook({ columns, rows: rows.slice(0, 2) }).text()).toContain('2 rows');
  });
  it('of a report are its page in a frame, whose quotes end no attribute', async () => {
    const report = warehouseReport({ processes: [reportedProcess({ process_name: EVIL })] });
    const page = await htmlOf(reportLook(report));
    expect(page).toMatch(/^<iframe title="[^"]*" srcdoc="[^"]*" style="[^"]*"><\/iframe>$/);
    expect(page).toContain('data-panel=&quot;processes&quot;');
    expect(reportLook(report).text()).toContain('1 process, 1 source, 1 session');
  });
  it('of a difference count rows, and name the hours', async () => {
    const diff = {
      table: EVIL,
      from: '1',
      to: '2',
      from_name: '1',
      to_name: '2',
      key: null,
      added: '3',
      removed: '1',
      changed: '0',
      hours: [{ hour: '2024-03-01T01:00:00Z', added: '3', removed: '1', changed: '0' }],
      sample: { added: [], removed: [], changed: [] },
      files: { from: 1, to: 1, shared: 0 },
      notes: [],
    };
    const page = await htmlOf(diffLook(diff));
    expect(page).toContain('3 rows added');
    expect(page).toContain('2024-03-01T01:00:00Z');
    expect(page).not.toContain('<script>');
  });
  it('of a plan are a grid of hours with a legend, in colours', async () => {
    const plan = planOf({
      pattern: 'stateful',
      completeTo: 5,
      spec: { processName: EVIL },
      sources: { requests: { added: [[2, 3]], vtts: 5 } },
    });
    const page = await htmlOf(plansLook([{ ...plan, steps: [] } as never]));
    const [grid = ''] = page.split('<details>');
    expect(grid).toMatch(/<span style="[^"]*">L<\/span> late/);
    expect(grid).toContain('&lt;script&gt;');
    expect(grid).not.toMatch(/<script>|&lt;span/);
  });
  it('of no plan and no run are there', async () => {
    expect(await htmlOf(plansLook([]))).toContain('0 plans: no hour to load');
    expect(await htmlOf(runsLook([]))).toContain('0 runs');
  });
});
