#!/usr/bin/env node
/**
 * The command `psyberg`. argv -> exit code. It checks Node's version before it imports anything else,
 * because an older Node cannot even parse the other modules.
 */
import module from 'node:module';
import process from 'node:process';
import { NODE_HINT, nodeComplaint } from '../model/node-version.ts';

const complaint = nodeComplaint();
if (complaint !== undefined) {
  const hint = `install a newer one, or one for this folder: ${NODE_HINT} (then: npx psyberg)`;
  const error = {
    code: 'node-too-old',
    kind: 'usage',
    message: complaint,
    hint,
    context: {},
    retryable: false,
  };
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error }, null, 2)}\n`);
  else process.stderr.write(`error: ${complaint}\nhint: ${hint}\n`);
  process.exitCode = 2;
} else {
  // A running statement holds a thread of the pool while it waits for the catalog, which is in this process
  // and needs threads too: too few would deadlock. Must be set before the pool is created.
  process.env['UV_THREADPOOL_SIZE'] ??= '32';
  // Only when run from source: the built bundle has its own compile cache
  // (src/setup/bundled-command-line.mjs).
  if (import.meta.filename.endsWith('.ts')) module.enableCompileCache();
  const { runCommandLine } = await import('./command-line.ts');
  // All output is written and everything is closed by now. Exit at once instead of waiting for idle sockets
  // to close and memory to be freed.
  process.exit(await runCommandLine(process.argv.slice(2)));
}
