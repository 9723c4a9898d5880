// Goal: a target that is adopted in the middle of a history is its SQL over whole tables after the next session.
// Method: random histories in which PyIceberg writes the sources; targets are retired, filled by others or renamed,
// and adopted at the place that is in them, while late rows follow; compared as in interop/pyiceberg-histories.
import { afterAll, beforeAll, it } from 'vitest';
import { adoptHistory } from '../interop/pyiceberg/history.ts';
import { playPyIceberg } from '../interop/pyiceberg/play.ts';
import { type PyIceberg, startPyIceberg } from '../interop/pyiceberg/source-writer.ts';
import { histories } from '../support/histories.ts';

const { cover, play, timeLimitMs } = histories({
  runs: 3,
  timeLimitMs: (runs) => 60_000 + runs * 15_000,
  shrinksByPath: true,
});

let python: PyIceberg;
beforeAll(async () => {
  python = await startPyIceberg();
}, 600_000);
afterAll(() => python?.close());

it('an adopted target goes on as its SQL has it', { timeout: timeLimitMs + 120_000 }, async () => {
  await play(adoptHistory, (each) => playPyIceberg(each, python, cover));
});
