// Goal: a long call is drawn while it goes on, and the drawing never touches the call. Method: calls of known
// length over a place to draw on that writes down what it was given.
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/model/run-record.ts';
import { kernelOf } from '../../src/notebook/kernel.ts';
import { type LiveWork, liveWork } from '../../src/notebook/live-work.ts';
import { workLook } from '../../src/report/notebook/work-look.ts';

const EVIL = '<script>alert(1)</script>';
const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const record = (name: string): RunRecord => ({
  process_name: name,
  psyberg_session_id: '20230914061501',
  status: 'published',
  target: 'facts.t',
  operation: 'append',
  published_snapshot_id: '5',
  branch: 'b',
  rows_read: '7',
  rows_written: '7',
  range: null,
  owed_hours: [],
  held_back_by: null,
  skipped_null_event_times: '0',
  audits: [],
  seconds: { init: 0, load: 0, audit: 0, publish: 0, total: 1 },
  error: null,
});

interface Drawn {
  readonly id: string;
  readonly html: string;
  readonly isThere: boolean;
}

function drawing(): { readonly drawn: Drawn[]; readonly live: LiveWork } {
  const drawn: Drawn[] = [];
  const live = liveWork(
    async (id, bundle, isThere) => {
      drawn.push({ id, html: bundle['text/html'] ?? '', isThere });
    },
    async () => workLook,
  );
  return { drawn, live };
}

describe('a long call', () => {
  it('is one picture that is drawn again, and in the end says what came of it', async () => {
    const { drawn, live } = drawing();
    const heard: string[] = [];
    const { onStep, onProgress } = live.listening({ onStep: (step) => heard.push(step) });
    const value = await live.during('run', async (done) => {
      onStep?.(`a_load: reads ${EVIL}`);
      await sleep(500);
      done(record('a_load'));
      const hours = { kind: 'parts', subject: 'b_load', action: 'load', total: 4, unit: 'hour' } as const;
      onProgress?.({ ...hours, done: 1 });
      await sleep(400);
      done(record('b_load'));
      return 7;
    });
    expect(value).toBe(7);
    expect(heard).toEqual([`a_load: reads ${EVIL}`]);
    expect(new Set(drawn.map(({ id }) => id)).size).toBe(1);
    expect(drawn.map(({ isThere }) => isThere)).toEqual(drawn.map((_, place) => place > 0));
    const [first = '', ...others] = drawn.map(({ html }) => html);
    expect(first).toContain('a_load: reads &lt;script&gt;');
    expect(others.join('')).not.toContain('<script>');
    const loading = others.find((html) => html.includes('b_load: load, 1 of 4 hours, 25 %')) ?? '';
    expect(loading).toContain('a_load  published');
    expect(loading).toContain('width:60px');
    expect(others.at(-1)).toMatch(/^<pre data-psyberg="done">run: 2 processes: 2 published; /);
  });

  it('that fails is drawn as stopped, and throws what it threw', async () => {
    const { drawn, live } = drawing();
    const { onStep, onWarning } = live.listening({});
    const failing = live.during('verify', async () => {
      onStep?.('b_load: compares');
      onWarning?.('a webhook did not answer');
      await sleep(400);
      throw new Error('no room');
    });
    await expect(failing).rejects.toThrow('no room');
    expect(drawn.at(-1)?.html).toMatch(
      /data-psyberg="failed"[\s\S]*verify: stopped after .*, at: b_load: compares/,
    );
    expect(drawn.at(-1)?.html).toContain('a webhook did not answer');
  });

  it('is not drawn when it is short, and nothing of it is after its end', async () => {
    const { drawn, live } = drawing();
    expect(await live.during('run', async () => 1)).toBe(1);
    await sleep(400);
    expect(drawn).toEqual([]);
  });

  it('goes on where it cannot be drawn', async () => {
    const live = liveWork(
      () => Promise.reject(new Error('the front end is gone')),
      async () => workLook,
    );
    expect(await live.during('run', () => sleep(500).then(() => 1))).toBe(1);
  });
});

describe('a kernel', () => {
  it('is told of a picture, then of what it has become', async () => {
    const sent: unknown[] = [];
    const jupyter = { broadcast: async (...told: unknown[]) => void sent.push(told) };
    const draw = kernelOf({ Deno: { jupyter } });
    await draw?.('7', { 'text/plain': 'a' }, false);
    await draw?.('7', { 'text/plain': 'b' }, true);
    const content = { metadata: {}, transient: { display_id: '7' } };
    expect(sent).toEqual([
      ['display_data', { ...content, data: { 'text/plain': 'a' } }],
      ['update_display_data', { ...content, data: { 'text/plain': 'b' } }],
    ]);
  });
  it('is none on a console, and in a Deno that runs no notebook', () => {
    const script = {
      get jupyter(): never {
        throw new Error('only in `deno jupyter`');
      },
    };
    expect([kernelOf({}), kernelOf({ Deno: {} }), kernelOf({ Deno: script }), kernelOf()]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
