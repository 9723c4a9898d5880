#!/usr/bin/env node
/**
 * The command `psyberg`. argv -> exit code. It imports nothing else before it has looked at Node: an older
 * one could not even read the rest.
 */
import module from 'node:module';
import process from 'node:process';
import { NODE_HINT, nodeComplaint } from '../model/node-version.ts';

const complaint = nodeComplaint();
if (complaint !== undefined) {
  process.stderr.write(
    `error: ${complaint}\nhint: install a newer one, or one for this folder: ${NODE_HINT} (then: npx psyberg)\n`,
  );
  process.exitCode = 2;
} else {
  // Compiled code is kept among the system's temporary files for the next command.
  module.enableCompileCache();
  const { runCommandLine } = await import('./command-line.ts');
  // Everything is written and closed by then; waiting for idle sockets and for memory to be given back would
  // only take time.
  process.exit(await runCommandLine(process.argv.slice(2)));
}
