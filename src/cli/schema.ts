/** `psyberg schema`: JSON schemas of process headers, psyberg.yaml and tests, for editors. */
import { Argument, type Command } from 'commander';
import type { SchemaName } from './editor-schemas.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import type { Shell } from './shell.ts';

export function addSchemaCommand(root: Command, act: Act): void {
  root
    .command('schema')
    .description('print the JSON schema (draft-07) of what is written by hand, for editors')
    .addArgument(
      new Argument('[of]', 'which one; default: all, by name').choices([
        'process',
        'project',
        'tests',
      ] satisfies SchemaName[]),
    )
    .option('--out <dir>', 'write them as files into this folder')
    .addHelpText('after', example('psyberg schema tests', 'psyberg schema --out .psyberg/schema'))
    .action(act(schema));
}

async function schema(
  shell: Shell,
  name: SchemaName | undefined,
  { out }: { readonly out?: string },
): Promise<number> {
  const { editorSchemas, schemaFiles, writeSchemas } = await import('./editor-schemas.ts');
  const all = editorSchemas();
  const chosen = name === undefined ? all : { [name]: all[name] };
  if (out === undefined) {
    const printed = name === undefined ? all : all[name];
    if (shell.options.json === true) shell.json(printed);
    else shell.print(JSON.stringify(printed, null, 2));
    return EXIT.done;
  }
  const files = writeSchemas(out, schemaFiles(chosen));
  if (shell.options.json === true) shell.json({ files });
  else for (const file of files) shell.print(`written: ${file}`);
  return EXIT.done;
}
