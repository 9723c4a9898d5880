// Goal: what is shown of long work, and where. Method: a display over a clock and a stream that the test holds.
import { describe, expect, it } from 'vitest';
import { type DisplayMode, displayMode, progressDisplay } from '../../src/cli/progress-display.ts';
import { widthOf } from '../../src/cli/shell.ts';

function stage(mode: DisplayMode, columns = 80) {
  let nowMs = 0;
  let written = '';
  let timer: { readonly ms: number; readonly tick: () => void; at: number } | undefined;
  const display = progressDisplay({
    mode,
    write: (text) => {
      written += text;
    },
    columns: () => columns,
    now: () => nowMs,
    every(ms, tick) {
      timer = { ms, tick, at: nowMs + ms };
      return () => {
        timer = undefined;
      };
    },
  });
  const pass = (ms: number): void => {
    const end = nowMs + ms;
    while (timer !== undefined && timer.at <= end) {
      nowMs = timer.at;
      timer.at += timer.ms;
      timer.tick();
    }
    nowMs = end;
  };
  return { display, pass, said: () => written, hasTimer: () => timer !== undefined };
}

const hours = (done: number) =>
  ({
    kind: 'parts',
    subject: 'a_load',
    action: 'load',
    done,
    total: 100,
    unit: 'hour',
    rows: BigInt(done),
  }) as const;

describe('the display of progress', () => {
  it('writes one line over and over on a terminal, and takes it away', () => {
    const { display, pass, said, hasTimer } = stage('terminal');
    display.step('a_load: open');
    pass(200);
    display.progress(hours(1));
    pass(200);
    display.end();
    expect(said()).toBe('a_load: open\r\u001b[2Ka_load: load, 1 of 100 hours, 1 row, 1 %\r\u001b[2K');
    expect(hasTimer()).toBe(false);
  });

  it('cuts the line to the terminal', () => {
    const { display, pass, said } = stage('terminal', 30);
    display.step(`a_load: ${'x'.repeat(200)} end`);
    pass(200);
    expect(said()).toHaveLength(29);
    expect(said()).toMatch(/^a_load: x+…x+ end$/);
  });

  it('says nothing of short work where nobody looks, and a line every ten seconds of long work', () => {
    const { display, pass, said } = stage('log');
    display.step('a_load: open');
    pass(9_000);
    expect(said()).toBe('');
    for (let done = 0; done < 60; done += 1) {
      display.step(`a_load: load compute_hour ${done}`);
      display.progress(hours(done));
      pass(500);
    }
    const lines = said().trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe('a_load: load, 1 of 100 hours, 1 row, 1 %');
    expect(lines[2]).toMatch(/^a_load: load, 41 of 100 hours, 41 rows, 41 %, about \d+ s left$/);
    expect(said()).not.toContain('\u001b');
  });

  it('says the same line once, and how far a single statement is', () => {
    const { display, pass, said } = stage('log');
    display.step('a_load: load insert');
    pass(40_000);
    display.progress({ kind: 'statement', percent: 50 });
    pass(10_000);
    expect(said()).toBe('a_load: load insert\na_load: load insert, 50 %, about 50 s left\n');
  });

  it('writes every step with --verbose, and nothing with --quiet', () => {
    const verbose = stage('verbose');
    for (const step of ['one', 'two']) verbose.display.step(step);
    verbose.pass(30_000);
    expect(verbose.said()).toBe('one\ntwo\n');
    const quiet = stage('none');
    quiet.display.step('one');
    quiet.display.progress(hours(1));
    quiet.pass(30_000);
    expect([quiet.said(), quiet.hasTimer()]).toEqual(['', false]);
  });
});

it('overwrites a line only for a person at a terminal that can', () => {
  const terminal = { isTTY: true };
  expect([
    displayMode({}, terminal, { TERM: 'xterm' }),
    displayMode({}, terminal, { TERM: 'dumb' }),
    displayMode({}, terminal, { CI: 'true' }),
    displayMode({}, terminal, { CI: 'false' }),
    displayMode({}, {}, {}),
    displayMode({ verbose: true }, terminal, {}),
    displayMode({ quiet: true, verbose: true }, terminal, {}),
  ]).toEqual(['terminal', 'log', 'log', 'terminal', 'log', 'verbose', 'none']);
});

it('is as wide as the terminal; a pipe is 80 columns wide, or what COLUMNS says', () => {
  expect([
    widthOf({ isTTY: true, columns: 132 }, {}),
    widthOf({ isTTY: true, columns: 10 }, {}),
    widthOf({ isTTY: false, columns: 0 }, {}),
    widthOf({ isTTY: false, columns: 0 }, { COLUMNS: '200' }),
    widthOf({ isTTY: false, columns: 0 }, { COLUMNS: 'wide' }),
  ]).toEqual([132, 40, 80, 200, 80]);
});
