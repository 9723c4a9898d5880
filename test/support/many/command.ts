/** A command of psyberg in a process of its own that meets its fate. Arguments + fate -> how it ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunRecord, Verification } from '../../../src/index.ts';
import type { ErrorJson } from '../../../src/model/errors.ts';
import type { Fate } from './history.ts';

/** Built (`npm run build`): it starts in a fifth of the time. */
const MAIN =
  process.env['PSYBERG_PROPERTY_MAIN'] ??
  fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** What the commands print, as far as it is looked at. */
export interface Told {
  readonly error?: ErrorJson | null;
  readonly runs?: readonly RunRecord[];
  readonly verifications?: readonly Verification[];
  readonly tables?: readonly { readonly error?: ErrorJson | null }[];
  readonly refused?: readonly { readonly error?: ErrorJson | null }[];
}

export interface Ended {
  readonly argv: readonly string[];
  readonly code: number | null;
  readonly killed: boolean;
  /** Undefined where it was no JSON. */
  readonly json: Told | undefined;
  readonly stderr: string;
}

export interface Started {
  readonly ended: Promise<Ended>;
  /** Settles when the command sleeps, or has ended before. */
  readonly asleep: Promise<boolean>;
  wake(): void;
}

export function startCommand(
  argv: readonly string[],
  {
    fate,
    environment,
    cwd,
  }: { readonly fate: Fate; readonly environment: Readonly<Record<string, string>>; readonly cwd: string },
): Started {
  const child: ChildProcess = spawn(
    process.execPath,
    [MAIN, ...argv, '--json', '--verbose', '--project', cwd],
    {
      cwd,
      env: { ...process.env, NODE_NO_WARNINGS: '1', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let [stdout, stderr, lines, done] = ['', '', 0, false];
  const sleeping = Promise.withResolvers<boolean>();
  const signal = (name: NodeJS.Signals): void => {
    if (!done) child.kill(name);
  };
  const strike = (): void => {
    if (fate.kind === 'killed') signal('SIGKILL');
    if (fate.kind === 'paused') {
      signal('SIGSTOP');
      setTimeout(() => signal('SIGCONT'), fate.forMs);
    }
    if (fate.kind === 'sleeps') {
      signal('SIGSTOP');
      sleeping.resolve(!done);
    }
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    const before = lines;
    lines += text.split('\n').length - 1;
    if (fate.kind !== 'ends' && fate.line > 0 && before < fate.line && lines >= fate.line)
      if (fate.afterMs === 0) strike();
      else setTimeout(strike, fate.afterMs);
  });
  if (fate.kind !== 'ends' && fate.line === 0) setTimeout(strike, fate.afterMs);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, by) => {
      done = true;
      sleeping.resolve(false);
      let json: Told | undefined;
      try {
        json = JSON.parse(stdout) as Told;
      } catch {
        json = undefined;
      }
      resolve({ argv, code, killed: by === 'SIGKILL', json, stderr });
    });
  });
  return { ended, asleep: sleeping.promise, wake: () => signal('SIGCONT') };
}
