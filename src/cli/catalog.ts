/** `psyberg catalog serve`: the embedded catalog for other clients. */
import { type Command, Option } from 'commander';
import { usageError } from '../model/errors.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { type Shell, writeAll } from './shell.ts';

interface ServeOptions {
  readonly host?: string;
  readonly port: string;
  readonly token?: string;
}

/** Unlike an argument, a variable is not in the list of processes. */
const TOKEN = 'PSYBERG_CATALOG_TOKEN';

export function addCatalogCommand(root: Command, act: Act): void {
  root
    .command('catalog')
    .description('the embedded catalog')
    .helpCommand(false)
    .addHelpText('after', example('psyberg catalog serve --port 8181'))
    .command('serve')
    .description(
      'serve the Iceberg REST protocol until it is stopped (in front of a foreign catalog: as a proxy); prints {"uri","token","warehouse"} on one line when it is ready',
    )
    .option(
      '--host <address>',
      'default: 127.0.0.1, this machine only; other machines reach any other address by plain HTTP, the token included',
    )
    .option('--port <n>', 'default: any free port', '0')
    .addOption(
      new Option(
        '--token <token>',
        'the bearer token that clients send, which other users of this machine see in its list of processes; default: a random one',
      ).env(TOKEN),
    )
    .addHelpText('after', example('psyberg catalog serve --port 8181'))
    .action(act(serve));
}

async function serve(shell: Shell, options: ServeOptions): Promise<number> {
  const port = Number(options.port);
  if (!/^\d{1,5}$/.test(options.port) || port > 65_535)
    throw usageError('port-invalid', `--port must be a number from 0 to 65535, found '${options.port}'`, {
      hint: 'leave it out to take any free port',
    });
  const [{ findProjectRoot, readProject }, { CATALOG_NAME, startProjectCatalog }] = await Promise.all([
    import('../project/read-project.ts'),
    import('../workspace/project-catalog.ts'),
  ]);
  const project = readProject({ root: findProjectRoot(shell.options.project ?? '.') });
  const catalog = await startProjectCatalog(project, {
    port,
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.token === undefined ? {} : { token: options.token }),
  });
  const stopped = stopSignal();
  try {
    // A proxy is ready when what lies behind it answers.
    if (project.catalog.kind === 'rest') await catalog.client.listNamespaces();
    writeAll(1, `${JSON.stringify({ uri: catalog.uri, token: catalog.token, warehouse: CATALOG_NAME })}\n`);
    if (options.host !== undefined && !LOOPBACK_HOSTS.has(options.host))
      shell.note(
        `other machines can reach ${options.host}; what they send, the token included, is not encrypted`,
      );
    shell.note('serving; stop with Ctrl-C');
    await stopped;
    return EXIT.done;
  } finally {
    await catalog.close();
  }
}

const LOOPBACK_HOSTS = new Set(['127.0.0.1', '::1', 'localhost']);

const stopSignal = (): Promise<void> =>
  new Promise((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop());
  });
