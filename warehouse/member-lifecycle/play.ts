/**
 * The walkthrough on the terminal: plays it in a run folder and prints the picture as it grows. Options ->
 * exit code.
 */
import { fileURLToPath } from 'node:url';
import { playInFolder } from '../play-in-folder.ts';
import { isEqual } from '../sample-project.ts';
import { drawActEnding, drawActOpening, drawEnding, drawOpening, drawStep } from './picture.ts';
import { playWalkthrough } from './walkthrough.ts';

const SOURCE_FOLDER = fileURLToPath(new URL('.', import.meta.url));

/**
 * Returns 0 when every table equals its recompute, else 1. The run folder stays, for the reader to look into.
 */
export async function playWalkthroughOnTerminal({
  runFolder,
  shownFolder,
}: {
  readonly runFolder: string;
  readonly shownFolder: string;
}): Promise<number> {
  const print = (lines: readonly string[]): void =>
    void process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  const startedAtMs = performance.now();
  print(drawOpening());
  return playInFolder(
    { from: SOURCE_FOLDER, runFolder, note: (line) => process.stderr.write(`${line}\n`) },
    async (project, check) => {
      const acts = await playWalkthrough(project, {
        check,
        actBegins: (script, index) => print(drawActOpening(script, index)),
        stepEnds: (step) => print([drawStep(step)]),
        actEnds: (act, before) => print(drawActEnding(act, before)),
      });
      print(drawEnding({ acts, folder: shownFolder, seconds: (performance.now() - startedAtMs) / 1000 }));
      return acts.every((act) => act.comparisons.every(isEqual)) ? 0 : 1;
    },
  );
}
