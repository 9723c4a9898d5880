/** `psyberg catalog serve`: the embedded catalog for other clients. */
import { type Command, Option } from 'commander';
import { usageError } from '../model/errors.ts';
import type { CatalogSpec } from '../model/process-spec.ts';
import type { OpenOptions } from '../psyberg.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example, HOURS } from './help.ts';
import { stopSignal } from './interruption.ts';
import { writeAll } from './output.ts';
import { portOf } from './port.ts';
import { type Shell, withPsyberg } from './shell.ts';

interface ServeOptions {
  readonly host?: string;
  readonly port: string;
  readonly token?: string;
  readonly session?: string;
  readonly hours?: string;
  readonly vend: 'keys' | 'none';
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
    .option(
      '--session <process>',
      'also show the tables of the next session of this process, read-only: sources.ALIAS, target, previous',
    )
    .addOption(
      new Option(
        '--vend <what>',
        'keys: clients are told how the files of a warehouse in an object store are reached, with the keys of catalog.storage, so whoever has the token has the store; none: they have to know',
      )
        .choices(['keys', 'none'])
        .default('none'),
    )
    .option('--hours <from..to>', `with --session, in place of the next session: ${HOURS}`)
    .addHelpText(
      'after',
      example('psyberg catalog serve --port 8181', 'psyberg catalog serve --session cancel_fact_load'),
    )
    .action(act(serve));
}

async function serve(shell: Shell, options: ServeOptions): Promise<number> {
  const place = {
    port: portOf(options.port),
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.token === undefined ? {} : { token: options.token }),
    vendsStorage: options.vend === 'keys',
  };
  if (options.session !== undefined) return serveSession(shell, options.session, options, place);
  if (options.hours !== undefined)
    throw usageError('usage', '--hours is for the tables of a session', {
      hint: 'name the process as well: --session PROCESS',
    });
  return serveTables(shell, place);
}

type Place = NonNullable<OpenOptions['serve']>;

async function serveTables(shell: Shell, place: Place): Promise<number> {
  const [{ findProjectRoot, readProject }, { CATALOG_NAME, startProjectCatalog }] = await Promise.all([
    import('../project/read-project.ts'),
    import('../workspace/project-catalog.ts'),
  ]);
  const project = readProject({ root: findProjectRoot(shell.options.project ?? '.') });
  if (place.vendsStorage === true && !isInStore(project.catalog))
    throw usageError(
      'usage',
      '--vend keys is for an embedded catalog whose warehouse is in an object store',
      {
        hint: 'leave it out: clients read files of this machine as they are, and a foreign catalog vends by itself',
      },
    );
  const catalog = await startProjectCatalog(project, place);
  const stopped = stopSignal();
  try {
    // A proxy is ready when what lies behind it answers.
    if (project.catalog.kind === 'rest') await catalog.client.listNamespaces();
    await untilStopped(
      shell,
      { uri: catalog.uri, token: catalog.token, warehouse: CATALOG_NAME },
      place,
      stopped,
    );
    return EXIT.done;
  } finally {
    await catalog.close();
  }
}

async function serveSession(
  shell: Shell,
  processName: string,
  { hours }: ServeOptions,
  place: Place,
): Promise<number> {
  // From the beginning on: what was opened so far is closed again.
  const stopped = stopSignal();
  return withPsyberg(
    shell,
    async (psyberg) => {
      const served = await psyberg.serveSession(processName, hours === undefined ? {} : { hours });
      const { notes, close, ...address } = served;
      for (const note of notes) shell.note(note);
      await untilStopped(shell, address, place, stopped);
      await close();
      return EXIT.done;
    },
    { serve: { ...place, holdsProcess: true } },
  );
}

/** Says where clients find it, and waits for the end. */
async function untilStopped(
  shell: Shell,
  address: object,
  { host }: Place,
  stopped: Promise<void>,
): Promise<void> {
  writeAll(1, `${JSON.stringify(address)}\n`);
  if (host !== undefined && !LOOPBACK_HOSTS.has(host))
    shell.note(`other machines can reach ${host}; what they send, the token included, is not encrypted`);
  shell.note('serving; stop with Ctrl-C');
  await stopped;
}

const isInStore = (catalog: CatalogSpec): boolean =>
  catalog.kind !== 'rest' && /^(s3|gs):/.test(catalog.warehouse);

const LOOPBACK_HOSTS = new Set(['127.0.0.1', '::1', 'localhost']);
