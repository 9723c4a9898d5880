/**
 * `psyberg adopt`: a target that was filled by other means, or by the process under another name, goes on
 * from here, without being loaded again.
 */
import type { Command } from 'commander';
import { usageError } from '../model/errors.ts';
import { parseStart, START_FORMS, type StartSpec } from '../model/start.ts';
import { adoptionText } from '../report/adoption.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { type Shell, withPsyberg } from './shell.ts';

export function addAdoptCommand(root: Command, act: Act): void {
  root
    .command('adopt')
    .description(
      'take over an existing target: its sources count as consumed up to a snapshot, and nothing is loaded',
    )
    .argument('<process>', 'name of the process whose target it is')
    .option(
      '--at <place...>',
      `up to where: now (default), a snapshot id or a timestamp; for one source alone: raw.events=<place>, or beginning if nothing of it is loaded`,
    )
    .option('--from <name>', 'the process was renamed: go on where the old name stopped, with what it owes')
    .addHelpText(
      'after',
      example(
        'psyberg adopt cancel_fact_load',
        'psyberg adopt cancel_fact_load --from cancel_load',
        "psyberg adopt cancel_fact_load --at '2023-09-14T05:00:00Z'",
        'psyberg adopt cancel_fact_load --at raw.raw_cancels=8160943478014935151',
      ),
    )
    .action(act(adopt));
}

async function adopt(
  shell: Shell,
  name: string,
  { at = [], from }: { readonly at?: readonly string[]; readonly from?: string },
): Promise<number> {
  const places = readPlaces(at);
  await withPsyberg(shell, async (psyberg) => {
    const { record, plan } = await psyberg.adopt(name, places, from === undefined ? {} : { from });
    if (shell.options.json === true)
      shell.json({
        adopted: {
          ...record,
          adopted_from: from ?? null,
          sources: plan.sources.map(({ table, head, newest_hour, vtts_hour }) => ({
            table,
            watermark: head,
            newest_hour,
            vtts_hour,
          })),
        },
      });
    else shell.print(adoptionText(plan, from));
  });
  return EXIT.done;
}

/** `now`, `raw.events=now`: a place for all sources, and places for single ones. */
function readPlaces(texts: readonly string[]): ReadonlyMap<string, StartSpec> {
  const places = new Map<string, StartSpec>();
  for (const text of texts) {
    const [, table = '', place = ''] =
      /^(?:([A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*)=)?(.*)$/s.exec(text) ?? [];
    const start = parseStart(place);
    if (start === undefined || (start.kind === 'beginning' && table === ''))
      throw usageError('usage', `--at: '${place}' says no place in a source's history`, {
        hint: `write ${START_FORMS.replace('beginning, ', '').replace(' in quotes', '')}`,
      });
    if (places.has(table.toLowerCase()))
      throw usageError('usage', `--at: ${table === '' ? 'all sources' : table} twice`, {
        hint: 'keep one of them',
      });
    places.set(table.toLowerCase(), start);
  }
  return places;
}
