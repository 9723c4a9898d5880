/** `psyberg connect`: how another client opens the warehouse. */
import { randomBytes } from 'node:crypto';
import { Argument, type Command, Option } from 'commander';
import type { ProjectSpec } from '../model/process-spec.ts';
import { type CatalogPlace, CLIENTS, type Client } from '../report/connect.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example, ownCommand } from './help.ts';
import { portOf } from './port.ts';
import { projectOf, type Shell, withPsyberg } from './shell.ts';

interface ConnectOptions {
  readonly port: string;
  readonly token?: string;
}

/** For a foreign catalog the snippet reads its token from this variable: a secret is not printed. */
const FOREIGN_TOKEN = 'ICEBERG_TOKEN';

export function addConnectCommand(root: Command, act: Act): void {
  root
    .command('connect')
    .description('a snippet that opens the warehouse in another client')
    .addArgument(new Argument('<client>', 'which').choices(CLIENTS))
    .option('--port <n>', 'of the served catalog', '8181')
    .addOption(
      new Option('--token <token>', 'of the served catalog; default: a new one, for both').env(
        'PSYBERG_CATALOG_TOKEN',
      ),
    )
    .addHelpText('after', example('psyberg connect pyiceberg', 'psyberg connect duckdb --port 9000'))
    .action(act(connect));
}

async function connect(shell: Shell, client: Client, options: ConnectOptions): Promise<number> {
  const { connectSnippet, snippetText } = await import('../report/connect.ts');
  const project = await projectOf(shell);
  const snippet = connectSnippet(client, { ...placeOf(project, options), table: await tableOf(shell) });
  if (shell.options.json === true) shell.json(snippet);
  else shell.print(snippetText(snippet));
  return EXIT.done;
}

/** A target that is there; undefined where none is, or where the catalog cannot be asked now. */
const tableOf = (shell: Shell): Promise<string | undefined> =>
  withPsyberg(shell, async (psyberg) => {
    const tables = await psyberg.tables();
    return tables.find(({ process_name: name, error }) => name !== null && error === undefined)?.table;
  }).catch(() => undefined);

/** A foreign catalog is there already; the embedded one has to be served. */
function placeOf({ catalog }: ProjectSpec, { port, token }: ConnectOptions): Omit<CatalogPlace, 'table'> {
  if (catalog.kind === 'rest')
    return {
      uri: catalog.uri,
      warehouse: catalog.warehouse,
      token: { from: 'environment', text: FOREIGN_TOKEN },
      serve: undefined,
    };
  const number = portOf(port);
  const shared = token ?? randomBytes(18).toString('base64url');
  return {
    uri: `http://127.0.0.1:${number}`,
    warehouse: undefined,
    token: { from: 'given', text: shared },
    serve: `PSYBERG_CATALOG_TOKEN=${shellText(shared)} ${ownCommand()} catalog serve --port ${number}`,
  };
}

const shellText = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
