/** What the command line says of a command that a text shows. Words -> complaint. Nothing is run. */
import { program } from '../../src/cli/command-line.ts';

/** Undefined where it takes the words, after `psyberg`. */
export async function complaintOf(words: readonly string[]): Promise<string | undefined> {
  const root = program(() => async () => {});
  root.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  try {
    await root.parseAsync([...words], { from: 'user' });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
