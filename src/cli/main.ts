#!/usr/bin/env node
/**
 * The command `psyberg`. argv -> exit code. It imports nothing before it has looked at Node: an older one
 * could not even read the rest.
 */
import module from 'node:module';
import process from 'node:process';

const NODE_MINIMUM = [22, 13] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor < NODE_MINIMUM[1])) {
  process.stderr.write(
    `error: psyberg needs Node ${NODE_MINIMUM.join('.')} or newer, found ${process.versions.node}\n`,
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
