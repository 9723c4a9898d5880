/** The walkthrough on the terminal: plays it in a run folder and prints the picture as it grows. Options -> exit code. */
import { fileURLToPath } from 'node:url';
import { listenForInterruption } from '../interruption.ts';
import { isEqual, openSampleProject, removeRunFolder } from '../sample-project.ts';
import { drawActEnding, drawActOpening, drawEnding, drawOpening, drawStep } from './picture.ts';
import { playWalkthrough } from './walkthrough.ts';

const SOURCE_FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** Returns 0 when every table equals its recompute, else 1. The run folder stays, for the reader to look into. */
export async function playOnTerminal({ runFolder, shownFolder }: { readonly runFolder: string; readonly shownFolder: string }): Promise<number> {
  const print = (lines: readonly string[]): void => void process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  const startedAtMs = performance.now();
  const interruption = listenForInterruption({
    onFirst: () => process.stderr.write('\nstopping after this step; Ctrl-C again stops at once\n'),
    cleanUp: () => removeRunFolder(runFolder),
  });
  try {
    print(drawOpening());
    const project = await openSampleProject({ from: SOURCE_FOLDER, to: runFolder });
    try {
      const acts = await playWalkthrough(project, {
        check: interruption.check,
        actBegins: (script, index) => print(drawActOpening(script, index)),
        stepEnds: (step) => print([drawStep(step)]),
        actEnds: (act, before) => print(drawActEnding(act, before)),
      });
      print(drawEnding({ acts, folder: shownFolder, seconds: (performance.now() - startedAtMs) / 1000 }));
      return acts.every((act) => act.comparisons.every(isEqual)) ? 0 : 1;
    } finally {
      await project.close();
    }
  } finally {
    interruption.release();
  }
}
