/** `psyberg maintain`: keeps tables small. */
import type { Command } from 'commander';
import { usageError } from '../model/errors.ts';
import {
  MAINTAIN_TASKS,
  type MaintainOptions,
  type MaintainRecord,
  type MaintainTask,
} from '../model/maintain-record.ts';
import { EXIT, highestOfErrors } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { onInterruptedWork } from './interruption.ts';
import { countOf, givenDurationMs, sizeBytes } from './measures.ts';
import { type Shell, withPsyberg } from './shell.ts';

interface MaintainCommandOptions {
  readonly only?: string;
  readonly dryRun?: boolean;
  readonly olderThan?: string;
  readonly retainLast?: string;
  readonly orphanGrace?: string;
  readonly targetFileSize?: string;
  readonly minInputFiles?: string;
  readonly orphanMetadata?: boolean;
  readonly droppedTables?: boolean;
  readonly force?: boolean;
  readonly dropTag?: string;
}

export function addMaintainCommand(root: Command, act: Act): void {
  root
    .command('maintain')
    .description(
      'keep tables small: put small files together, rewrite manifests, expire snapshots, remove orphan files',
    )
    .argument('[table...]', 'tables as namespace.table; default: every table of the warehouse')
    .option('--dry-run', 'say what would be done, and change nothing')
    .option('--only <tasks>', `some of ${MAINTAIN_TASKS.join(', ')}, with commas between`)
    .option(
      '--older-than <duration>',
      "age from which snapshots go; default: the table's history.expire.max-snapshot-age-ms, else 5d",
    )
    .option(
      '--retain-last <n>',
      "snapshots that stay whatever their age; default: the table's history.expire.min-snapshots-to-keep, else 1",
    )
    .option(
      '--orphan-grace <duration>',
      'age from which a file that nothing reaches is an orphan; default 24h, at least 1h',
    )
    .option(
      '--target-file-size <size>',
      "size that data files should have; default: the table's write.target-file-size-bytes, else 512MiB",
    )
    .option('--min-input-files <n>', 'small files of a partition from which they are put together; default 2')
    .option('--orphan-metadata', 'also delete metadata files that no log knows')
    .option('--dropped-tables', 'also delete what dropped tables left')
    .option('--force', 'allow an orphan grace below one hour')
    .option(
      '--drop-tag <process>',
      'do nothing but let go what a process that is no more keeps from expiring: its tags and watermarks',
    )
    .addHelpText(
      'after',
      example(
        'psyberg maintain --dry-run',
        'psyberg maintain facts.event_fact --older-than 2d',
        'psyberg maintain --only expire,orphans',
        'psyberg maintain --drop-tag old_load',
      ),
    )
    .action(act(maintain));
}

async function maintain(shell: Shell, names: string[], given: MaintainCommandOptions): Promise<number> {
  if (given.dropTag !== undefined) return dropTag(shell, given.dropTag, { names, given });
  const options = maintainOptions(given);
  const { maintainSummary, maintainText } = await import('../report/maintain-report.ts');
  return withPsyberg(shell, async (psyberg) => {
    const interruption = onInterruptedWork(shell, () => psyberg.interrupt());
    try {
      const report = await psyberg.maintain(names, options);
      if (shell.options.json === true) shell.json(report);
      else {
        for (const record of report.tables)
          if (record.error !== null || (shell.options.quiet !== true && isWorthALine(record)))
            shell.print(maintainText(record, shell.style));
        if (shell.options.quiet !== true) shell.print(maintainSummary(report, shell.style));
      }
      return interruption.exitCode() ?? highestOfErrors(report.tables.map((record) => record.error));
    } finally {
      interruption.release();
    }
  });
}

/** What was left alone is printed, also where there was nothing to do. */
const isWorthALine = ({ status, notes }: MaintainRecord): boolean =>
  status !== 'nothing-to-do' || notes.length > 0;

async function dropTag(
  shell: Shell,
  name: string,
  { names, given }: { readonly names: readonly string[]; readonly given: MaintainCommandOptions },
): Promise<number> {
  if (names.length > 0 || given.only !== undefined)
    throw usageError('usage', '--drop-tag goes through all tables, and does nothing else', {
      hint: `psyberg maintain --drop-tag ${name}; then maintain as usual`,
    });
  const dryRun = given.dryRun ?? false;
  const dropped = await withPsyberg(shell, (psyberg) => psyberg.dropTag(name, { dryRun }));
  const { droppedTagsText } = await import('../report/maintain-report.ts');
  if (shell.options.json === true) shell.json({ dropped_tags: dropped, dry_run: dryRun });
  else shell.print(droppedTagsText(dropped, { dryRun, style: shell.style }));
  return EXIT.done;
}

function maintainOptions(given: MaintainCommandOptions): MaintainOptions {
  return {
    ...(given.only === undefined ? {} : { only: tasksOf(given.only) }),
    ...(given.olderThan === undefined
      ? {}
      : { olderThanMs: givenDurationMs(given.olderThan, '--older-than') }),
    ...(given.retainLast === undefined ? {} : { retainLast: countOf(given.retainLast, '--retain-last', 1) }),
    ...(given.orphanGrace === undefined
      ? {}
      : { orphanGraceMs: givenDurationMs(given.orphanGrace, '--orphan-grace') }),
    ...(given.targetFileSize === undefined
      ? {}
      : { targetFileBytes: sizeBytes(given.targetFileSize, '--target-file-size') }),
    ...(given.minInputFiles === undefined
      ? {}
      : { minInputFiles: countOf(given.minInputFiles, '--min-input-files', 2) }),
    dryRun: given.dryRun ?? false,
    orphanMetadata: given.orphanMetadata ?? false,
    droppedTables: given.droppedTables ?? false,
    force: given.force ?? false,
  };
}

function tasksOf(text: string): MaintainTask[] {
  const words = text.split(',').map((word) => word.trim());
  const unknown = words.find((word) => !MAINTAIN_TASKS.includes(word as MaintainTask));
  if (unknown !== undefined)
    throw usageError('task-unknown', `--only knows ${MAINTAIN_TASKS.join(', ')}, found '${unknown}'`, {
      hint: 'for example --only expire,orphans',
      context: { found: unknown },
    });
  return words as MaintainTask[];
}
