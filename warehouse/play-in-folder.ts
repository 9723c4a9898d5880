/**
 * A play in its run folder, ended cleanly by itself or by Ctrl-C. Play -> exit code. Ctrl-C: the running
 * statement is stopped, nothing more begins, the project is closed and the run folder removed.
 */
import { openSampleProject, removeRunFolder, type SampleProject } from './sample-project.ts';

/** By convention of shells: ended by signal 2. */
const INTERRUPTED_EXIT_CODE = 130;

/**
 * npm passes Ctrl-C on to a script that the terminal has already signalled: the same key press arrives twice,
 * milliseconds apart.
 */
const SAME_KEY_PRESS_MS = 500;

export interface PlayOptions {
  /** The sample project's folder in the repository. */
  readonly from: string;
  readonly runFolder: string;
  /** Shows a line about the play itself; it goes to stderr. */
  readonly note: (line: string) => void;
}

/** `check` throws once Ctrl-C was pressed; a play calls it between two steps. */
export type Play = (project: SampleProject, check: () => void) => Promise<number>;

/** Opens the project, plays, and closes it. The run folder stays, unless the play was interrupted. */
export async function playInFolder({ from, runFolder, note }: PlayOptions, play: Play): Promise<number> {
  let project: SampleProject | undefined;
  let interruptedAtMs: number | undefined;
  const onSignal = (): void => {
    if (interruptedAtMs === undefined) {
      interruptedAtMs = performance.now();
      note('stopping; Ctrl-C again stops at once');
      project?.psyberg.interrupt();
    } else if (performance.now() - interruptedAtMs > SAME_KEY_PRESS_MS) {
      removeRunFolder(runFolder);
      process.exit(INTERRUPTED_EXIT_CODE);
    }
  };
  const check = (): void => {
    if (interruptedAtMs !== undefined) throw new Error('interrupted');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    project = await openSampleProject({ from, to: runFolder });
    check();
    return await play(project, check);
  } catch (error) {
    // After Ctrl-C every error is its consequence: a stopped statement, a session that did not end.
    if (interruptedAtMs === undefined || project === undefined) throw error;
    await project.close();
    project = undefined;
    removeRunFolder(runFolder);
    note('interrupted; the run folder was removed');
    return INTERRUPTED_EXIT_CODE;
  } finally {
    await project?.close();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
