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
  // Each statement under way holds a thread, also while the catalog in this process answers it, which needs
  // threads as well. Before the first of them is made.
  process.env['UV_THREADPOOL_SIZE'] ??= '32';
  // What is built has a better way (src/setup/bundled-command-line.mjs).
  if (import.meta.filename.endsWith('.ts')) module.enableCompileCache();
  const { runCommandLine } = await import('./command-line.ts');
  // Everything is written and closed by then; waiting for idle sockets and for memory to be given back would
  // only take time.
  process.exit(await runCommandLine(process.argv.slice(2)));
}
