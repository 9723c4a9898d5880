/** `psyberg history`: the sessions of the session table, newest first. */
import type { Command } from 'commander';
import type { HistoryRow } from '../report/status.ts';
import { type Act, example } from './command-line.ts';
import { EXIT } from './exit-code.ts';
import { rowLimit } from './row-limit.ts';
import { type Shell, withPsyberg } from './shell.ts';

export function addHistoryCommand(root: Command, act: Act): void {
  root
    .command('history')
    .description('the sessions that ran, newest first')
    .argument('[process]', 'only of this process')
    .option('--limit <n>', 'at most this many sessions', '20')
    .addHelpText('after', example('psyberg history cancel_fact_load --limit 5'))
    .action(act(history));
}

async function history(
  shell: Shell,
  name: string | undefined,
  options: { readonly limit: string },
): Promise<number> {
  const limit = rowLimit(options.limit);
  const rows = await withPsyberg(shell, async (psyberg): Promise<HistoryRow[]> => {
    if (name !== undefined)
      (await import('../project/dependency-order.ts')).processesInDependencyOrder(psyberg.project, [name]);
    const { sessionTable } = psyberg.project.tables;
    if (!(await psyberg.internals.client.tableExists(sessionTable))) return [];
    const { renderStatement, tableFragment } = await import('../statements/index.ts');
    const engine = await psyberg.internals.engine();
    const found = await engine.query<
      Omit<HistoryRow, 'error'> & { error: string | null } & Record<string, unknown>
    >({
      sql: renderStatement('report/session_history', { session_table: tableFragment('lake', sessionTable) }),
      parameters: { process_name: name ?? null, row_limit: limit },
    });
    return found.map((row) => ({
      ...row,
      error: row.error === null ? null : (JSON.parse(row.error) as HistoryRow['error']),
    }));
  });
  if (shell.options.json === true) shell.json({ sessions: rows });
  else {
    const { historyText } = await import('../report/status.ts');
    shell.print(historyText(rows, shell.style));
  }
  return EXIT.done;
}
